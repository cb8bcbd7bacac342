"""Tokens that are known by their form alone, as their makers document it.

Source of the forms, unless a line says otherwise: docs.github.com, "Supported secret scanning patterns",
and the makers' own pages on their keys.
"""

from __future__ import annotations

import re

from .step import compiled

#: Maker → the forms of its tokens: a piece that stands in each of them (in lower case), and the form.
FORMS: dict[str, tuple[tuple[str, str], ...]] = {
    "GitHub": (
        *((f"gh{kind}_", rf"gh{kind}_[A-Za-z0-9]{{20,}}") for kind in "pousr"),
        ("github_pat_", r"github_pat_\w{20,}"),
    ),
    "GitLab": tuple(
        (f"gl{kind}-", rf"gl{kind}-[\w.-]{{18,}}")
        for kind in ("pat", "dt", "rt", "cbt", "ptt", "ft", "imt", "agent", "oas", "soat", "ffct")
    ),
    "PyPI": (("pypi-ag", r"pypi-Ag[\w-]{16,}"),),
    "npm": (("npm_", r"npm_[A-Za-z0-9]{30,}"),),
    "RubyGems": (("rubygems_", r"rubygems_[a-f0-9]{40,}"),),
    "AWS": tuple(
        (start.lower(), rf"{start}[A-Z0-9]{{16}}(?![a-z])")
        for start in ("AKIA", "ASIA", "AGPA", "AIDA", "AROA", "ABIA", "ACCA")
    ),
    "Google": (
        ("aiza", r"AIza[\w-]{30,}"),
        ("ya29.", r"ya29\.[\w.-]{20,}"),
        ("gocspx-", r"GOCSPX-[\w-]{20,}"),
        ("1//0", r"1//0[\w-]{30,}"),
    ),
    "Azure AD": (("q~", r"[A-Za-z0-9_~.-]{3}\dQ~[\w~.-]{31,34}"),),
    "Slack": (("xox", r"xox[abeoprs]-[\w-]{10,}"), ("xapp-", r"xapp-\d-[\w-]{20,}")),
    "Discord": (("", r"[MNO][A-Za-z\d_-]{23,25}\.[\w-]{6}\.[\w-]{27,38}"),),
    "Telegram": ((":aa", r"(?:bot)?\d{8,10}:AA[\w-]{33}"),),
    "Stripe": (
        ("k_live_", r"[rs]k_live_\w{16,}"),
        ("k_test_", r"[rs]k_test_\w{16,}"),
        ("whsec_", r"whsec_\w{24,}"),
    ),
    "OpenAI, Anthropic, DeepSeek": (("sk-", r"sk-(?=[\w-]*\d)[\w-]{20,}"),),
    "Hugging Face": (("hf_", r"hf_[A-Za-z0-9]{20,}"), ("api_org_", r"api_org_[A-Za-z0-9]{20,}")),
    "NVIDIA": (("nvapi-", r"nvapi-[\w-]{20,}"),),
    "Docker": (("dckr_pat_", r"dckr_pat_[\w-]{20,}"), ("dckr_oat_", r"dckr_oat_[\w-]{20,}")),
    "SendGrid": (("sg.", r"SG\.[\w-]{16,}\.[\w-]{16,}"),),
    "Mailgun, Mailchimp": (("key-", r"key-[0-9a-f]{32}"), ("-us", r"[0-9a-f]{32}-us\d{1,2}")),
    "Twilio": (("sk", r"SK[0-9a-f]{32}"),),
    "DigitalOcean": (("_v1_", r"do[opr]_v1_[a-f0-9]{40,}"),),
    "Databricks": (("dapi", r"dapi[0-9a-f]{32}"),),
    "Heroku": (("hrku-", r"HRKU-[\w-]{30,}"),),
    "HashiCorp": (
        *((f"hv{kind}.", rf"hv{kind}\.[\w-]{{24,}}") for kind in "sbr"),
        (".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{50,}"),
    ),
    "Grafana": (("glsa_", r"glsa_[\w+/=]{32,}"), ("glc_", r"glc_[\w+/=]{32,}")),
    "New Relic": (
        ("nrak-", r"NRAK-[\w-]{19,}"),
        ("nrjs-", r"NRJS-[\w-]{19,}"),
        ("nrra-", r"NRRA-[\w-]{19,}"),
    ),
    "Sentry": (("sntry", r"sntry[su]_[\w+/=]{32,}"),),
    "Linear, Figma, Notion": (
        ("lin_api_", r"lin_api_\w{32,}"),
        ("figd_", r"figd_[\w-]{32,}"),
        ("ntn_", r"ntn_\w{32,}"),
    ),
    "Postman": (("pmak-", r"PMAK-[\w-]{32,}"),),
    "Airtable": (("pat", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{40,}"),),
    "Doppler, Pulumi": (("dp.", r"dp\.(?:pt|st|ct|sa)\.[\w.-]{30,}"), ("pul-", r"pul-[a-f0-9]{40}")),
    "PlanetScale, Supabase": (
        ("pscale_", r"pscale_(?:tkn|pw|oauth)_[\w.-]{30,}"),
        ("sbp_", r"sbp_[a-f0-9]{40}"),
    ),
    "Shopify, Square": (
        ("shp", r"shp(?:at|ss|ca|pa)_[a-fA-F0-9]{32}"),
        ("sq0", r"sq0(?:atp|csp)-[\w-]{22,}"),
    ),
    "Kaggle": (("kgat_", r"KGAT_[A-Za-z0-9]{20,}"),),
    "Replicate, Groq, Perplexity, xAI": (
        ("r8_", r"r8_[A-Za-z0-9]{30,}"),
        ("gsk_", r"gsk_[A-Za-z0-9]{30,}"),
        ("pplx-", r"pplx-[\w-]{30,}"),
        ("xai-", r"xai-[\w-]{30,}"),
    ),
    "LangSmith, Pinecone, Tavily": (
        ("lsv2_", r"lsv2_[ps][tk]_\w{30,}"),
        ("pcsk_", r"pcsk_\w{30,}"),
        ("tvly-", r"tvly-[\w-]{20,}"),
    ),
    "Weights & Biases": (("wandb_v", r"wandb_v\d_\w{30,}"),),
    "Anaconda": (("/t/", r"(?<=/t/)[A-Za-z]{2}-[\w-]{20,}"),),
    "age": (("age-secret-key-1", r"AGE-SECRET-KEY-1[A-Z0-9]{50,}"),),
    "JWT": (("eyj", r"eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*){0,3}"),),  # base64 of {"…
}

_ALL = [form for forms in FORMS.values() for form in forms]


def occurring(text: str) -> tuple[str, ...]:
    """The forms of which ``text`` holds something."""
    lowered = text.lower()
    return tuple(form for hint, form in _ALL if hint in lowered and compiled(form, re.ASCII).search(text))
