"""What the bot says: a pure function from a message to its answer. This is the file to make your own.

For one message the answer is always the same: it may be asked for again, and the gateway compares what it then gets.
"""

import re
from dataclasses import dataclass

from messages import Message, Picture

# What a US short code is to understand and to answer, whether or not who writes it takes part in anything (CTIA, "Short
# Code Monitoring Handbook"; 47 CFR 64.1200(a)(10) names the words that end it).
STOP = frozenset({"STOP", "STOPALL", "QUIT", "END", "REVOKE", "OPTOUT", "CANCEL", "UNSUBSCRIBE"})
START = frozenset({"START", "UNSTOP"})
HELP = frozenset({"HELP", "INFO"})

NAMES = {"image/jpeg": "picture.jpg", "image/png": "picture.png", "image/gif": "picture.gif"}  # what handsets show
MAX_PICTURE = 600_000  # bytes; MaxMessageBytes of the gateway, 1,000,000, holds the rest of the message as well

HELP_TEXT = (
    "Parrot shop: send PICTURE for a parrot, or a picture to get it back. Help: https://example.com/help. "
    "Msg&data rates may apply. STOP to end."
)
STOP_TEXT = "Parrot shop: you are out, nothing more will be sent to you. START to come back, HELP for help."
START_TEXT = "Parrot shop: welcome back. HELP for help, STOP to end."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to send back."""

    text: str
    picture: Picture | None = None


def first_word(message: Message) -> str:
    """The word that a message begins with, in capitals and without what stands around it; "" where there is none."""
    words = re.findall(r"\w+", message.text.upper().replace("OPT OUT", "OPTOUT").replace("OPT-OUT", "OPTOUT"))
    return words[0] if words else ""


def choose_answer(message: Message, *, opted_out: bool, parrot: Picture) -> Answer | None:
    """The answer to a message; None where it is to have none.

    What it does not understand has none on purpose: were an automatic reply ("I am driving") answered, the two would
    write to each other for ever.
    """
    word = first_word(message)
    if word in STOP:
        return Answer(text=STOP_TEXT)
    if word in HELP:
        return Answer(text=HELP_TEXT)
    if opted_out:
        return None
    if word in START:
        return Answer(text=START_TEXT)
    if word == "PICTURE":
        return Answer(text="Here it is: a Norwegian Blue.", picture=parrot)
    return _echo(message)


def _echo(message: Message) -> Answer | None:
    if not message.pictures:
        return None
    shown = [each for each in message.pictures if each.content_type in NAMES and each.size <= MAX_PICTURE]
    if not shown:
        return Answer(text="That picture can't be sent back: it is too large, or neither JPEG, PNG nor GIF.")
    return Answer(text="Lovely plumage. Here is your picture back.", picture=shown[0])
