"""The kinds of security work that the simulated team does: their titles, tools and typical size."""

from dataclasses import dataclass
from random import Random

APPS = (
    "shop.acme.example",
    "api.acme.example",
    "staging-api.acme.example",
    "portal.acme.example",
    "payments.acme.example",
    "admin.acme.example",
    "partners.acme.example",
    "mobile-gw.acme.example",
)
HOSTS = (
    *APPS,
    "sso.acme.example",
    "vpn.acme.example",
    "mail.acme.example",
    "files.acme.example",
    "grafana.corp.acme.example",
    "jenkins.corp.acme.example",
    "gitlab.corp.acme.example",
)
REPOSITORIES = (
    "checkout-service",
    "identity",
    "web-portal",
    "mobile-ios",
    "billing-api",
    "infra-prod",
    "data-platform",
    "notification-hub",
    "edge-gateway",
    "partner-sdk",
)
CVES = (
    ("CVE-2024-3400", "PAN-OS GlobalProtect"),
    ("CVE-2024-4577", "PHP-CGI"),
    ("CVE-2024-6387", "OpenSSH (regreSSHion)"),
    ("CVE-2024-23897", "Jenkins CLI"),
    ("CVE-2024-47575", "FortiManager"),
    ("CVE-2025-0282", "Ivanti Connect Secure"),
    ("CVE-2025-1974", "ingress-nginx"),
    ("CVE-2025-5777", "Citrix NetScaler"),
    ("CVE-2025-29927", "Next.js middleware"),
    ("CVE-2025-53770", "SharePoint"),
    ("CVE-2025-55182", "React Server Components"),
)
LIBRARIES = (
    ("CVE-2021-44228", "log4j-core"),
    ("CVE-2022-1471", "snakeyaml"),
    ("CVE-2022-22965", "spring-beans"),
    ("CVE-2023-44487", "golang.org/x/net"),
    ("CVE-2024-38819", "spring-webmvc"),
    ("CVE-2024-45296", "path-to-regexp"),
    ("CVE-2025-29927", "next"),
    ("CVE-2025-48734", "commons-beanutils"),
    ("CVE-2025-55182", "react-server-dom-webpack"),
)
ACCOUNTS = (
    "prod-payments",
    "prod-shop",
    "staging",
    "data-lake",
    "shared-services",
    "sandbox-eu",
    "security-audit",
)
CLUSTERS = ("eu-west-1-prod", "us-east-1-prod", "eu-west-1-staging", "ap-south-1-edge")
BUGS = (
    "stored XSS in support chat",
    "DOM XSS in product filter",
    "CSRF on e-mail change",
    "S3 presigned URL valid for seven days",
    "password reset token in Referer",
    "subdomain takeover of old status page",
    "rate limit bypass on OTP check",
    "mass assignment of role on profile update",
    "IDOR on invoice download",
    "SSRF through webhook URL",
    "open redirect on login",
    "account takeover via password reset",
    "race condition in gift card redemption",
    "JWT accepted after logout",
    "GraphQL introspection exposes internal mutations",
    "path traversal in export endpoint",
    "blind SQL injection in order search",
    "XSS with <svg/onload=alert(1)> in search box",
    "CORS reflects any origin with credentials",
)
ROUTES = (
    "/v2/invoices/{id}",
    "/api/users/me",
    "/oauth/token",
    "/graphql",
    "/admin/export",
    "/v1/webhooks",
    "/upload",
    "/api/orders/search",
)
CHANGES = (
    "rotate signing keys",
    "new refund flow",
    "bump jackson-databind to 2.17.2",
    "allow SVG avatars",
    "session cookies SameSite=None",
    "add SAML login for partners",
    "drop support for TLS 1.1",
    "GraphQL persisted queries",
    "new admin impersonation endpoint",
    "parse invoices with pdf.js worker",
    "cache user permissions in Redis",
    "migrate uploads to presigned URLs",
    "retry failed webhooks",
    "feature flag for guest checkout",
)
TECHNIQUES = (
    "Kerberoasting (T1558.003)",
    "suspicious OAuth consent grants",
    "IMDS credential theft from pods",
    "DNS tunnelling",
    "LSASS access (T1003.001)",
    "GitHub token use from new ASN",
    "impossible travel on SSO",
)
PARTS = (
    "partner SSO (SAML)",
    "file upload pipeline",
    "mobile push gateway",
    "payments tokenisation",
    "LLM support assistant",
    "tenant isolation in data platform",
)

TOOL_MS = {  # milliseconds of a typical call
    "aws_cli": 1_500,
    "bash": 3_500,
    "browser": 6_500,
    "dnsx": 8_000,
    "ffuf": 48_000,
    "git": 2_400,
    "grep": 60,
    "http_request": 900,
    "httpx": 12_000,
    "interactsh": 20_000,
    "katana": 30_000,
    "kubectl": 900,
    "naabu": 65_000,
    "nuclei": 45_000,
    "prowler": 170_000,
    "python": 2_600,
    "read_file": 15,
    "semgrep": 21_000,
    "sqlmap": 70_000,
    "subfinder": 25_000,
    "terraform": 9_000,
    "trufflehog": 31_000,
    "web_search": 1_800,
    "write_file": 12,
}


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of work. `usd` and `steps` are medians on claude-sonnet-4, `spread` the log-normal sigma."""

    usd: float
    spread: float
    steps: int
    titles: tuple[str, ...]
    tools: tuple[str, ...]
    agents: tuple[str, ...]

    def title(self, random: Random) -> str:
        """Return a random title with its placeholders filled in."""
        cve, product = random.choice(CVES)
        flaw, library = random.choice(LIBRARIES)
        return random.choice(self.titles).format(
            app=random.choice(APPS),
            host=random.choice(HOSTS),
            account=random.choice(ACCOUNTS),
            cluster=random.choice(CLUSTERS),
            repo=random.choice(REPOSITORIES),
            cve=cve,
            product=product,
            flaw=flaw,
            library=library,
            bug=random.choice(BUGS),
            route=random.choice(ROUTES),
            change=random.choice(CHANGES),
            technique=random.choice(TECHNIQUES),
            part=random.choice(PARTS),
            pr=random.randint(180, 4900),
            report=random.randint(2_100_000, 3_400_000),
            week=random.randint(1, 52),
            octet=random.randint(0, 255),
            few=random.randint(2, 24),
            many=random.randint(30, 900),
        )


WORKLOADS = {
    "pentest": Workload(
        6.0,
        0.85,
        150,
        (
            "Pentest of {app}",
            "Web application pentest: {app} (authenticated, two roles)",
            "Test {app} against OWASP API Top 10",
            "Look for access control issues between tenants on {app}",
            "Authenticated scan of {app}, leave {route} alone",
            "Business logic review of checkout and refunds on {app}",
            "Red team exercise: foothold via {host}",
        ),
        ("http_request", "browser", "nuclei", "ffuf", "sqlmap", "katana", "bash", "interactsh"),
        ("planner", "recon", "web-exploiter", "report-writer"),
    ),
    "retest": Workload(
        0.9,
        0.7,
        28,
        (
            "Retest: {bug}",
            "Verify fix for {bug} on staging",
            "Is {bug} really fixed? Try bypasses",
            "Retest all high findings of last pentest of {app}",
        ),
        ("http_request", "browser", "bash", "interactsh"),
        ("web-exploiter", "report-writer"),
    ),
    "recon": Workload(
        1.3,
        0.8,
        45,
        (
            "Subdomain takeover check, {many} names below acme.example",
            "Map attack surface of {host} and neighbours",
            "Find exposed admin panels on {many} hosts",
            "Port scan and fingerprint 10.40.{octet}.0/24",
            "Which of these {many} hosts still speak TLS 1.0?",
            "External recon week {week}, diff against the week before",
            "List forgotten staging systems behind {host}",
        ),
        ("subfinder", "dnsx", "naabu", "httpx", "nuclei", "katana", "bash"),
        ("recon", "planner"),
    ),
    "cve": Workload(
        1.6,
        0.8,
        48,
        (
            "Are we affected by {cve}?",
            "{cve} ({product}): check all external hosts",
            "Write nuclei template for {cve}",
            "Reproduce {cve} in lab and describe impact",
            "{product}: verify patch level after {cve}",
            "can you check if {host} is vulnerable to {cve}",
        ),
        ("web_search", "nuclei", "httpx", "bash", "python", "write_file", "http_request"),
        ("cve-analyst", "recon", "template-writer"),
    ),
    "review": Workload(
        0.4,
        0.8,
        18,
        (
            "PR review acme/{repo}#{pr}: {change}",
            "Security review: {change} (acme/{repo}#{pr})",
            "acme/{repo}#{pr} {change}",
        ),
        ("git", "semgrep", "grep", "read_file"),
        ("code-reviewer",),
    ),
    "dependencies": Workload(
        0.5,
        0.7,
        22,
        (
            "Reachability of {few} Dependabot alerts in acme/{repo}",
            "{flaw} ({library}): is the vulnerable path reachable in acme/{repo}?",
            "SBOM diff acme/{repo}, flag new licences and maintainers",
        ),
        ("git", "grep", "read_file", "web_search", "bash"),
        ("code-reviewer", "cve-analyst"),
    ),
    "secrets": Workload(
        0.6,
        0.8,
        20,
        (
            "Secret scan of acme/{repo} history",
            "Leaked key in acme/{repo}: where is it still valid?",
            "Check CI logs of acme/{repo} for tokens",
        ),
        ("git", "trufflehog", "grep", "bash", "http_request"),
        ("code-reviewer", "secrets-hunter"),
    ),
    "triage": Workload(
        0.8,
        0.8,
        26,
        (
            "Triage HackerOne #{report}: {bug}",
            "H1 #{report} - duplicate or new? {bug}",
            "Reproduce report #{report} ({bug}) on staging",
            "Severity of {bug}: argue CVSS 4.0",
        ),
        ("http_request", "browser", "python", "interactsh", "read_file"),
        ("triager", "web-exploiter"),
    ),
    "cloud": Workload(
        2.2,
        0.8,
        60,
        (
            "Audit IAM of AWS account {account}",
            "Terraform review acme/infra-prod#{pr}: public buckets, wildcards",
            "Which roles in {account} can reach customer data?",
            "CIS benchmark of EKS cluster {cluster}",
            "Find privilege escalation paths in AWS account {account}",
            "Pods in {cluster} that can reach the metadata service?",
        ),
        ("aws_cli", "kubectl", "prowler", "terraform", "bash", "read_file", "grep"),
        ("cloud-auditor", "planner", "report-writer"),
    ),
    "threat_model": Workload(
        1.1,
        0.6,
        16,
        (
            "Threat model: {part}",
            "STRIDE for {part}, update from last quarter",
            "Abuse cases for {part}",
        ),
        ("read_file", "grep", "web_search", "write_file"),
        ("architect", "report-writer"),
    ),
    "detection": Workload(
        0.6,
        0.7,
        20,
        (
            "Sigma rule for {technique}",
            "Tune noisy alert: {technique}",
            "Do we log enough to see {technique}?",
            "Backtest detection of {technique} on 30 days",
        ),
        ("web_search", "python", "read_file", "write_file", "bash"),
        ("detection-engineer",),
    ),
    "question": Workload(
        0.12,
        0.7,
        5,
        (
            "how do I keep nuclei to {host} only",
            "Explain {cve} to product managers",
            "curl command to test {route} for IDOR?",
            "summarise findings of week {week} for {app}",
            "What does *this* WAF rule block on {app}? _see attached_",
            "=HYPERLINK() in CSV export of {app}: injection?",
            "draft answer to customer questionnaire, {few} questions",
        ),
        ("web_search", "read_file"),
        ("assistant",),
    ),
}
