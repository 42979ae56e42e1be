"""What stands in texts in place of a person's addresses, Slack id and whole name; None where nothing is replaced.

The person is Ana Silva, `U1ANA`, of `ana@acme.dev` and `ana.silva@old.example`; OTHERS are other people's addresses.
"""

OTHERS = frozenset({"x-ana@acme.dev", "ci+ana@acme.dev", "ana@acme.dev.br", "2ana@acme.dev"})

REDACTED = [
    ("ana@acme.dev", "removed member"),
    ("as ANA@acme.dev, and Ana.Silva@old.example.", "as removed member, and removed member."),
    ("<mailto:ana@acme.dev|ana@acme.dev>", "<mailto:removed member|removed member>"),
    ("ana+ci@acme.dev, joana@acme.dev, ana@acme.device", None),
    ("x-ana@acme.dev, CI+ana%40acme.dev, ana@acme.dev.br., 2ana@acme.dev", None),
    ("recon-x-ana@acme.dev.log, v1.ana@acme.dev.br", None),
    (
        "xx-ana@acme.dev, ana@acme.dev.brasil, 12ana@acme.dev",
        "xx-removed member, removed member.brasil, 12removed member",
    ),
    (
        "recon-ana@acme.dev, v1.ana@acme.dev, x+ana@acme.dev",
        "recon-removed member, v1.removed member, x+removed member",
    ),
    ("report_ana@acme.dev.csv, logs/ana@acme.dev.log", "report_removed member.csv, logs/removed member.log"),
    (
        "ana@acme.dev-2026, ana@acme.dev2026, o'ana@acme.dev",
        "removed member-2026, removed member2026, o'removed member",
    ),
    ("%3Aana%40acme.dev%3E, \\nana@acme.dev\\n", "%3Aremoved member%3E, \\nremoved member\\n"),
    ("\\u003Cana@acme.dev\\u003e", "\\u003Cremoved member\\u003e"),
    ("ana@acme.dev_old, ANA@acme.dev_2026.csv", "removed member_old, removed member_2026.csv"),
    ("?to=ana.silva%40old.example&cc=ANA%40ACME.dev", "?to=removed member&cc=removed member"),
    (
        '{"by":"ana\\u0040acme.dev"}, \\u0022ana\\U0040acme.dev\\u0022',
        '{"by":"removed member"}, \\u0022removed member\\u0022',
    ),
    ('{"{\\"by\\": \\"\\\\nana\\\\u0040acme.dev\\"}":2}', '{"{\\"by\\": \\"\\\\nremoved member\\"}":2}'),
    ("x-ana\\u0040acme.dev, joana\\u0040acme.dev, ana\\u0041acme.dev", None),
    (
        "u=ana%2540acme.dev, <b>ana&#64;acme.dev</b>, ana\uff20acme.dev",
        "u=removed member, <b>removed member</b>, removed member",
    ),
    ("\uff41\uff4e\uff41@acme.dev", None),
    ("joana%40acme.dev, ana%40acme.device, ana%41acme.dev, ana%40 acme.dev", None),
    ("'ana@acme.dev' (ana@acme.dev)", "'removed member' (removed member)"),
    ("ANA  SILVA, Ana\u00a0Silva", "removed member, removed member"),
    ("for <@U1ANA>", "for removed member"),
    ("for <@U1ANA|ana>: U1ANA", "for removed member: removed member"),
    ("U1ANABEL and XU1ANA", None),
    ("Ana Silva's pentest (ana silva)", "removed member's pentest (removed member)"),
    ("Ana Silvano, Joana Silva, Ana", None),
    ("", None),
]
