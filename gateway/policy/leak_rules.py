"""Reads `data.org.dlp`: what the texts of submissions and results are looked through for.

The gateway looks and policy judges, both by the same table of the same revision. A table that cannot be read stops the
start, or the reload that brought it.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from gateway.domain.classification import Classification
from gateway.domain.leaks import Action, LeakRule, LeakRules, ResultAction
from gateway.policy import patterns
from gateway.policy.shapes import anything, each_under, keys, one_of, or_null

DETECTORS: Final = frozenset(
    {
        "AWSKeyDetector",
        "ArtifactoryDetector",
        "AzureStorageKeyDetector",
        "BasicAuthDetector",
        "DiscordBotTokenDetector",
        "GitHubTokenDetector",
        "GitLabTokenDetector",
        "IbmCloudIamDetector",
        "IbmCosHmacDetector",
        "JwtTokenDetector",
        "MailchimpDetector",
        "NpmDetector",
        "OpenAIDetector",
        "PrivateKeyDetector",
        "PypiTokenDetector",
        "SendGridDetector",
        "SlackDetector",
        "SoftlayerDetector",
        "SquareOAuthDetector",
        "StripeDetector",
        "TelegramBotTokenDetector",
        "TwilioKeyDetector",
    }
)
"""Of the secret scanner, which no serving process loads."""
_Id = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,39}$")]
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Word = Annotated[str, msgspec.Meta(min_length=3, max_length=100, pattern=r"\w")]


class _Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    says: _Text
    action: Action
    severity: str
    results: ResultAction = ResultAction.RECORD
    label: Classification | None = None
    words: tuple[_Word, ...] = ()
    patterns: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rules: dict[_Id, _Rule] = {}
    unread_results: ResultAction = ResultAction.RECORD


_SHAPE: Final = keys(
    {},
    {
        "rules": each_under(
            anything,
            keys(
                {"says": anything, "action": one_of("action", tuple(Action)), "severity": anything},
                {
                    "results": one_of("action on results", tuple(ResultAction)),
                    "label": or_null(one_of("classification", tuple(Classification))),
                    **dict.fromkeys(("words", "patterns", "detectors"), anything),
                },
            ),
        ),
        "unread_results": one_of("action on results", tuple(ResultAction)),
    },
)


def read(data: Mapping[str, Any]) -> LeakRules:
    """Read the rules of a bundle's data; without the table nothing is looked for.

    Raises:
        ValueError: the table says something that cannot be followed.
    """
    written = data.get("org", {}).get("dlp", {})
    # What people misspell is said in words; what is left is odd enough for the reader's own.
    for problem in _SHAPE(written, ""):
        raise ValueError(str(problem))
    table = msgspec.convert(written, _Table)
    if table.unread_results not in {ResultAction.RECORD, ResultAction.WITHHOLD}:
        raise ValueError("unread_results is `record` or `withhold`: nothing can be taken out of what nobody can read")
    rules = tuple(_rule(name, rule) for name, rule in sorted(table.rules.items()))
    return LeakRules(rules, table.unread_results)


def _rule(name: str, rule: _Rule) -> LeakRule:
    if not (rule.words or rule.patterns or rule.detectors):
        raise ValueError(f"the rule {name} says neither words nor patterns nor detectors to look with")
    if rule.action is Action.RAISE and rule.label is None:
        raise ValueError(f"the rule {name} raises the label of a job and says no label")
    for pattern in rule.patterns:
        if why := patterns.problem(pattern):
            raise ValueError(f"a pattern of the rule {name} may not be used: {why}")
    if unknown := sorted(set(rule.detectors) - DETECTORS):
        raise ValueError(f"the rule {name} names the detector {unknown[0]}; known are {', '.join(sorted(DETECTORS))}")
    return LeakRule(id=name, **msgspec.structs.asdict(rule))
