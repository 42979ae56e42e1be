"""The members of the simulated team: their hours, share of the tasks, models and workloads."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """One model: its price relative to claude-sonnet-4, and how long a step takes."""

    price: float
    step_ms: int


MODELS = {
    "claude-opus-4": Model(3.2, 14_000),
    "claude-sonnet-4": Model(1.0, 8_500),
    "gpt-5": Model(0.9, 12_000),
    "gpt-5-mini": Model(0.18, 5_000),
    "gemini-2.5-pro": Model(0.8, 9_500),
    "deepseek-v3": Model(0.12, 11_000),
    "llama-4-maverick": Model(0.1, 4_500),
    "qwen3-coder": Model(0.14, 6_000),
}


@dataclass(frozen=True, slots=True)
class Member:
    """One member. `share` weights the number of tasks; earlier `workloads` and `models` are more likely."""

    name: str
    email: str
    utc_offset: float
    share: float
    workloads: tuple[str, ...]
    models: tuple[str, ...]
    byok: bool = False
    round_the_clock: bool = False


TEAM = (
    Member(
        "Priya Raman",
        "priya.raman@acme.example",
        5.5,
        20,
        ("pentest", "retest", "recon", "question"),
        ("claude-opus-4", "claude-sonnet-4", "gpt-5"),
    ),
    Member(
        "Marcus Delgado",
        "marcus.delgado@acme.example",
        -6,
        16,
        ("recon", "cve", "pentest", "question"),
        ("claude-sonnet-4", "gpt-5", "gpt-5-mini"),
    ),
    Member(
        "AppSec CI",
        "appsec-ci@acme.example",
        0,
        15,
        ("review", "secrets", "dependencies"),
        ("gpt-5-mini", "qwen3-coder"),
        round_the_clock=True,
    ),
    Member(
        "Hannah Weiss",
        "hannah.weiss@acme.example",
        1,
        11,
        ("triage", "retest", "cve", "detection"),
        ("claude-sonnet-4", "gemini-2.5-pro"),
    ),
    Member(
        "Jonas Lindqvist",
        "jonas.lindqvist@acme.example",
        1,
        9,
        ("cloud", "review", "threat_model"),
        ("claude-sonnet-4", "deepseek-v3"),
        byok=True,
    ),
    Member(
        "Rafael Costa",
        "rafael.costa@acme.example",
        -3,
        8,
        ("pentest", "triage", "recon"),
        ("gpt-5", "claude-sonnet-4", "llama-4-maverick"),
        byok=True,
    ),
    Member(
        "Dana Whitfield",
        "dana.whitfield@acme.example",
        -8,
        7,
        ("review", "dependencies", "threat_model", "question"),
        ("claude-sonnet-4", "qwen3-coder"),
    ),
    Member(
        "Mei Chen",
        "mei.chen@acme.example",
        8,
        5,
        ("cve", "detection", "recon"),
        ("gemini-2.5-pro", "deepseek-v3", "gpt-5-mini"),
    ),
    Member(
        "Liam O'Sullivan",
        "liam.osullivan@acme.example",
        0,
        4,
        ("cloud", "secrets", "question"),
        ("gpt-5", "gpt-5-mini"),
    ),
    Member(
        "Amara Okafor",
        "amara.okafor@acme.example",
        1,
        2.5,
        ("triage", "question", "threat_model"),
        ("claude-sonnet-4", "llama-4-maverick"),
    ),
    Member(
        "Yuki Tanaka",
        "yuki.tanaka@acme.example",
        9,
        1.5,
        ("detection", "question"),
        ("gpt-5-mini", "gemini-2.5-pro"),
    ),
    Member(
        "Sofía Paredes",
        "sofia.paredes@acme.example",
        -5,
        1,
        ("question", "review"),
        ("claude-opus-4", "gpt-5-mini"),
    ),
)
