"""A model that declines, in the languages in which models are asked most, and what only begins like that."""

import pytest

from burn_tui.core.refusals import is_refusal, may_be_refusal

REFUSALS = [
    "I'm sorry, but I can't help with that.",
    "As an AI language model, I cannot provide that.",
    "Es tut mir leid, aber ich kann dir dabei nicht helfen.",
    "Leider kann ich diese Anfrage nicht beantworten.",
    "Ich kann Ihnen damit leider nicht weiterhelfen.",
    "Entschuldigung, aber ich darf das nicht schreiben.",
    "Tut mir leid, ich kann dieser Bitte nicht nachkommen.",
    "Je suis désolé, mais je ne peux pas vous aider avec cette demande.",
    "Désolée, je ne peux pas répondre à cela.",
    "Malheureusement, je ne suis pas en mesure de fournir ces informations.",
    "Je ne peux pas t'aider.",
    "Lo siento, pero no puedo ayudarte con eso.",
    "No puedo proporcionar esa información.",
    "Me temo que no puedo responder a eso.",
    "Lamentablemente, no puedo crear ese contenido.",
    "Desculpe, mas não posso ajudar com isso.",
    "Infelizmente, não consigo fornecer essa informação.",
    "Sinto muito, mas não posso ajudá-lo com isso.",
    "Lamento, mas não posso responder.",
    "Mi dispiace, ma non posso aiutarti.",
    "Purtroppo non sono in grado di fornire queste informazioni.",
    "Non posso aiutarla con questa richiesta.",
    "抱歉，我无法协助您完成这个请求。",
    "对不起，我不能提供这些信息。",
    "我无法回答这个问题。",
    "作为一个AI助手，我不能提供该内容。",
    "很抱歉，我無法協助您。",
    "申し訳ありませんが、そのご要望にはお応えできません。",
    "申し訳ございませんが、お手伝いすることはできません。",
    "すみませんが、その質問にはお答えできません。",
]

ANSWERS = [
    "I cannot reproduce the error; it runs here.",
    "I can't stress enough how much tests help.",
    "Sorry for the confusion: here is the code.",
    "Ich kann den Fehler nicht reproduzieren.",
    "Leider kann ich nicht genug betonen, wie wichtig Tests sind.",
    "Ich kann das gern schreiben.",
    "Es tut mir leid für die Verwirrung. Hier ist der Code.",
    "Man kann hier nicht schreiben, die Datei ist gesperrt.",
    "Je ne peux pas reproduire l'erreur.",
    "Désolé pour la confusion, voici le code.",
    "Je ne suis pas sûr, mais voici une piste.",
    "No puedo reproducir el error.",
    "Lo siento por la confusión; aquí está el código.",
    "No puedes escribir en ese archivo.",
    "No, el método crear no existe.",
    "Não consigo reproduzir o erro.",
    "Não é possível escrever nesse arquivo.",
    "Desculpe a confusão, aqui está o código.",
    "Non posso riprodurre l'errore.",
    "Non puoi scrivere in quel file.",
    "Mi dispiace per la confusione, ecco il codice.",
    "我无法重现这个错误。",
    "抱歉让您久等了，代码如下。",
    "我不能确定，但可以试试这个。",
    "您无法提供该参数，因为它是只读的。",
    "申し訳ありません、先ほどのコードに誤りがありました。修正版です。",
    "すみません、こちらが修正したコードです。",
    "この関数はエラーに対応できません。",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_who_declines_has_not_answered(text: str) -> None:
    assert is_refusal(text)
    assert is_refusal(f"  **{text}**\n")


@pytest.mark.parametrize("text", ANSWERS)
def test_what_only_begins_like_a_refusal_is_an_answer(text: str) -> None:
    assert not is_refusal(text)


@pytest.mark.parametrize("text", REFUSALS)
def test_no_beginning_of_a_refusal_is_taken_for_an_answer(text: str) -> None:
    assert all(may_be_refusal(text[:length]) for length in range(len(text) + 1))


@pytest.mark.parametrize(
    "text", ["The function", "```python\n", "Here you", "Ja, das", "Voici le", "是的，这", "はい、"]
)
def test_a_few_words_suffice_to_tell_most_answers(text: str) -> None:
    assert not may_be_refusal(text)


def test_a_long_text_is_no_refusal_however_it_begins() -> None:
    assert may_be_refusal(REFUSALS[0] + " word" * 60)
    assert not may_be_refusal(REFUSALS[0] + " word" * 200)
    assert not may_be_refusal("I will show" + " word" * 60)
    assert not may_be_refusal("…" * 700)
