"""What `run` tells a command."""

import json

from burn_tui.gateway.client_variables import arguments, variables

URL, SECRET = "http://127.0.0.1:4141", "sk-burn-x"
OWN = {"PATH": "/bin", "OPENAI_API_KEY": "sk-the-persons-own", "GOOGLE_API_KEY": "own", "ANTHROPIC_AUTH_TOKEN": "own"}


def test_no_key_of_the_persons_own_is_left_for_the_gateway_to_be_sent() -> None:
    told = variables(["python"], OWN, url=URL, secret=SECRET)
    assert "own" not in set(told.values())
    assert "sk-the-persons-own" not in set(told.values())
    assert told["PATH"] == "/bin"


def test_each_client_finds_its_base_url_as_it_wants_it() -> None:
    told = variables(["python"], {}, url=URL, secret=SECRET)
    assert told["OPENAI_BASE_URL"] == told["OPENAI_API_BASE"] == f"{URL}/v1"
    assert told["ANTHROPIC_BASE_URL"] == told["GOOGLE_GEMINI_BASE_URL"] == URL


def test_claude_code_gets_a_token_and_no_key_that_it_would_ask_about() -> None:
    told = variables(["/usr/local/bin/claude", "-p", "hi"], OWN, url=URL, secret=SECRET)
    assert told["ANTHROPIC_AUTH_TOKEN"] == SECRET
    assert "ANTHROPIC_API_KEY" not in told


def test_codex_is_told_in_its_arguments_before_its_own() -> None:
    command = arguments(["codex", "exec", "hi"], url=URL)
    assert command[:3] == ["codex", "-c", 'model_provider="burn-tui"']
    assert command[-2:] == ["exec", "hi"]
    assert f'model_providers.burn-tui.base_url="{URL}/v1"' in command


def test_every_other_command_is_left_as_it_is() -> None:
    assert arguments(["python", "codex.py"], url=URL) == ["python", "codex.py"]


def test_opencode_is_given_a_provider_in_its_configuration() -> None:
    config = json.loads(variables(["opencode"], {}, url=URL, secret=SECRET)["OPENCODE_CONFIG_CONTENT"])
    assert config["provider"]["burn-tui"]["options"] == {"baseURL": f"{URL}/v1", "apiKey": SECRET}
    assert config["model"] == "burn-tui/auto"


def test_a_proxy_for_the_outside_is_kept_away_from_loopback() -> None:
    told = variables(["python"], {"NO_PROXY": "intranet"}, url=URL, secret=SECRET)
    assert told["NO_PROXY"] == "intranet,127.0.0.1,localhost"
