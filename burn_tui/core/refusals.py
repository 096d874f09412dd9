"""Whether a model declines, by how its answer begins, in the languages in which models are asked most.

    English, German, French, Spanish, Portuguese, Italian, Chinese (both scripts), Japanese

Precise rather than broad: "I cannot", in any language, is also how an explanation begins ("I cannot reproduce it"). So
each pattern wants the refusing words and one of the few verbs that name what is refused. In Japanese, where the verb
comes last, it wants an apology first. What a model declines in other words or languages counts as an answer.
"""

import re
from functools import cache

LONGEST_REFUSAL = 600
"""Characters. A model that declines says so at once and briefly; a long text that begins so does something else."""

_LONGEST_OPENING = 240
"""Characters from the first word on in which every pattern is found or not at all."""

_ENGLISH = (
    r"(?:(?:i am|i['’]m) (?:very |so )?sorry|sorry|i apologi[sz]e|unfortunately)?\W*(?:but )?\W*"
    r"(?:i|as an ai[^.]{0,40}i) (?:can(?:no|['’])t|am (?:not able|unable)|['’]m (?:not able|unable)|won['’]t|will not)"
    r"(?: to)? (?:help|assist|do that|do this|comply|answer|provide|fulfil|create|write|continue|engage)"
)
"""As in: I'm sorry, but I can't help with that."""

_GERMAN = (
    r"(?:(?:es )?tut mir (?:sehr )?leid|entschuldigung|ich bedau[e]?re)?\W*(?:aber |doch )?(?:leider )?"
    r"(?:ich (?:kann|darf)|(?:kann|darf) ich)\b[^.!?\n]{0,60}?\bnicht (?:dabei |damit )?"
    r"(?:(?:weiter)?helfen|unterstützen|behilflich sein|beantworten|nachkommen|erfüllen|erstellen|schreiben"
    r"|bereitstellen|fortsetzen)\b"
)
"""As in: Es tut mir leid, aber ich kann dir dabei nicht helfen."""

_FRENCH = (
    r"(?:je suis (?:vraiment |sincèrement )?désolée?|désolée?|malheureusement)?\W*(?:mais )?"
    r"je ne (?:peux|puis|suis) (?:malheureusement )?(?:pas )?(?:en mesure (?:de |d['’]))?"
    r"(?:(?:vous|te|l[ea]s?) |[tl]['’])?(?:y )?"
    r"(?:aider|assister|répondre|fournir|accéder|satisfaire|créer|rédiger|écrire|continuer)\b"
)
"""As in: Je suis désolé, mais je ne peux pas vous aider."""

_SPANISH = (
    r"(?:lo siento(?: mucho)?|lo lamento|lamentablemente|desafortunadamente|perdón|me temo que)?\W*(?:pero )?\W*"
    r"no (?:te |le |os |les )?(?:puedo|soy capaz de|estoy en condiciones de) "
    r"(?:ayudar|asistir|responder|proporcionar|cumplir|crear|escribir|continuar)(?:te|le|les|os|l[oa]s?)?\b"
)
"""As in: Lo siento, pero no puedo ayudarte con eso."""

_PORTUGUESE = (
    r"(?:desculp[ea](?:-me)?|sinto muito|lamento|infelizmente)?\W*(?:mas )?(?:eu )?"
    r"não (?:(?:te|lhe|o|a) )?(?:posso|consigo|estou em condições de|sou capaz de) (?:(?:te|lhe) )?"
    r"(?:ajud(?:ar?|á)|auxiliar|responder|fornecer|atender|cumprir|criar|escrever|continuar)(?:-(?:te|l[ho][eao]?s?))?\b"
)
"""As in: Desculpe, mas não posso ajudar com isso."""

_ITALIAN = (
    r"(?:mi dispiace|mi spiace|spiacente|purtroppo|scusa(?:mi)?)?\W*(?:ma )?"
    r"non (?:(?:ti|vi|la|le) )?(?:posso|sono in grado di) "
    r"(?:aiutar|assister|risponder|fornir|soddisfar|crear|scriver|continuar)(?:e|ti|la|vi|le|lo|mi)\b"
)
"""As in: Mi dispiace, ma non posso aiutarti."""

_CHINESE = (
    r"(?:(?:非常|很|十分|真的)?(?:抱歉|对不起|對不起|遗憾|遺憾)\W*)?(?:但是?\W*)?(?:作为[^，。\n]{0,20}\W+|作為[^，。\n]{0,20}\W+)?"
    r"我(?:无法|無法|不能|没办法|沒辦法)[^，。,.\n]{0,8}?"
    r"(?:帮助|幫助|帮您|幫您|帮你|幫你|协助|協助|回答|提供|满足|滿足|继续|繼續|创作|創作|参与|參與)"
)
"""As in: 抱歉，我无法协助您完成这个请求。"""

_JAPANESE = (
    r"(?:(?:大変|誠に)?申し訳(?:ありません|ございません|ない)|すみません|ごめんなさい|恐れ入ります|残念ながら)[^。\n]{0,60}?"
    r"(?:お?手伝い|お?答え|お?応え|応じ|回答|対応|協力|提供|支援|助け)[^。\n]{0,12}?"
    r"(?:できません|出来ません|できかねます|(?:いた|致)しかねます)"
)
"""As in: 申し訳ありませんが、そのご要望にはお応えできません。"""

_PATTERNS = (_ENGLISH, _GERMAN, _FRENCH, _SPANISH, _PORTUGUESE, _ITALIAN, _CHINESE, _JAPANESE)

_FIRST_WORDS = frozenset(
    {
        *("i", "sorry", "unfortunately", "but", "as"),
        *("es", "tut", "entschuldigung", "ich", "aber", "doch", "leider", "kann", "darf"),
        *("je", "désolé", "désolée", "malheureusement", "mais"),
        *("lo", "lamentablemente", "desafortunadamente", "perdón", "me", "pero", "no"),
        *("desculpe", "desculpa", "sinto", "lamento", "infelizmente", "mas", "eu", "não"),
        *("mi", "spiacente", "purtroppo", "scusa", "scusami", "ma", "non"),
    }
)
"""Every word that one of the patterns may begin with, where words are written apart."""

_FIRST_SIGNS = frozenset("非很十真抱对對遗遺但作我大誠申すご恐残")
"""The same where they are not."""

_FIRST_WORD = re.compile(r"\w+")


@cache
def _declines() -> re.Pattern[str]:
    # Made for the first answer: what it takes would hold up a start.
    return re.compile(rf"\W*(?:{'|'.join(f'(?:{pattern})' for pattern in _PATTERNS)})", re.IGNORECASE)


def is_refusal(text: str) -> bool:
    """Whether the model declines."""
    start = text.strip()
    return len(start) <= LONGEST_REFUSAL and _declines().match(start) is not None


def may_be_refusal(beginning: str) -> bool:
    """Whether an answer that begins so may turn out to be a refusal, however it goes on."""
    first = _FIRST_WORD.search(beginning)
    if first is None or first.end() == len(beginning):
        return len(beginning.strip()) <= LONGEST_REFUSAL
    word = first.group().lower()
    if word not in _FIRST_WORDS and word[0] not in _FIRST_SIGNS:
        return False
    if len(beginning) - first.start() <= _LONGEST_OPENING:
        return True
    return is_refusal(beginning)
