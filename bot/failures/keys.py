"""The keys of failures: notifications of groups of failed tasks, and the topics of their live messages."""

from bot.domain.keys import NotificationKey, NumberedKey, TopicKey


class FailuresKey(NumberedKey, NotificationKey):
    """The groups that one message reports, by the first of them."""

    __slots__ = ()
    kind = "failures"


class FailureKey(NumberedKey, NotificationKey):
    """One of many groups, in the thread of the message that reports all."""

    __slots__ = ()
    kind = "failure"


class FailuresTopic(NumberedKey, TopicKey):
    """The groups that one message reports, as they are now, by the first of them."""

    __slots__ = ()
    kind = "failures"
