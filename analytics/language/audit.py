"""After a run: what the model saw and answered about one text and one description."""

from analytics.explanation.provider import Task
from analytics.language import prompts
from analytics.language.answered import Exchange
from analytics.language.provider import LanguageProvider


def seen(to: LanguageProvider, task: Task, row: int, description: str) -> list[Exchange]:
    """The exchanges that settled a pair: multi-label first, then yes or no; none when it was judged
    on this machine. Words in them are untrusted: escape them on screen."""
    text = to.sent(task)[row]
    keys = [to.key(kind, task.goal, text, description) for kind in (*prompts.MANY, *prompts.ONE)]
    return [found for key in keys if (found := to.kept.of_pair(key)) is not None]
