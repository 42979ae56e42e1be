"""What stands in texts in place of a person's addresses, Slack id and whole name; None where nothing is replaced.

The person is Ana Silva, `U1ANA`, of `ana@acme.dev` and `ana.silva@old.example`.
"""

REDACTED = [
    ("ana@acme.dev", "removed member"),
    ("as ANA@acme.dev, and Ana.Silva@old.example.", "as removed member, and removed member."),
    ("<mailto:ana@acme.dev|ana@acme.dev>", "<mailto:removed member|removed member>"),
    ("ana+ci@acme.dev, o'ana@acme.dev, ana@acme.dev-old.example", None),
    ("ana@acme.dev_old, ANA@acme.dev_2026.csv", "removed member_old, removed member_2026.csv"),
    ("?to=ana.silva%40old.example&cc=ANA%40ACME.dev", "?to=removed member&cc=removed member"),
    ("joana%40acme.dev, ana%40acme.dev.br, ana%41acme.dev, ana%40 acme.dev", None),
    ("'ana@acme.dev' (ana@acme.dev)", "'removed member' (removed member)"),
    ("ANA  SILVA, Ana\u00a0Silva", "removed member, removed member"),
    ("joana@acme.dev, ana@acme.dev.br, ana@acme.device, x-ana@acme.dev", None),
    ("for <@U1ANA>", "for removed member"),
    ("for <@U1ANA|ana>: U1ANA", "for removed member: removed member"),
    ("U1ANABEL and XU1ANA", None),
    ("Ana Silva's pentest (ana silva)", "removed member's pentest (removed member)"),
    ("Ana Silvano, Joana Silva, Ana", None),
    ("", None),
]
