"""Keys are read at the moment of the call and never shown."""

from burn_tui.core.catalog import Catalog, Provider
from burn_tui.engine.keys import KeyReference, Keys

SECRET = "sk-live-0123456789"
CATALOG = Catalog({"p": Provider(name="p", dialect="openai-chat", base_url="http://127.0.0.1")})
REFERENCES = {"p": (KeyReference("environment", "P_KEY"),)}


def test_a_key_comes_from_the_environment() -> None:
    assert Keys(REFERENCES, {"P_KEY": SECRET}).key("p") == SECRET


def test_an_unset_or_empty_variable_is_a_missing_key_and_is_named() -> None:
    assert Keys(REFERENCES, {}).missing(CATALOG) == {"p": "P_KEY"}
    assert Keys(REFERENCES, {"P_KEY": ""}).missing(CATALOG) == {"p": "P_KEY"}


def test_a_provider_without_a_reference_needs_no_key() -> None:
    keys = Keys({}, {})
    assert (keys.key("p"), keys.missing(CATALOG), keys.place("p")) == (None, {}, None)


def test_a_keyring_entry_is_looked_up_by_its_name() -> None:
    keys = Keys({"p": (KeyReference("keyring", "work"),)}, {}, keyring={"work": SECRET}.get)
    assert (keys.key("p"), keys.place("p")) == (SECRET, "keyring:work")


def test_a_fingerprint_tells_keys_apart_without_giving_them_away() -> None:
    one, two = (Keys(REFERENCES, {"P_KEY": key}).fingerprint("p") for key in (SECRET, SECRET + "x"))
    assert one != two
    assert one is not None
    assert len(one) == 6
    assert one not in SECRET
