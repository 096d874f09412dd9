"""The gateway in front of servers that nobody here wrote: llmock with its faults, LiteLLM's proxy, and llama.cpp's
server with a model of half a megabyte. The latter two take minutes to install, so they are tested where they are.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from support.gateways import Doorway, gateway
from support.llmock import call, llmock, queue
from support.programs import free_port, python_with, run, serving
from support.saying import settled
from support.world import FINE

from burn_tui.core.catalog import Model
from burn_tui.core.policy import TimeLimits
from burn_tui.simulator.script import Answer

openai = pytest.importorskip("openai", reason="the official openai client is not installed")
anthropic = pytest.importorskip("anthropic", reason="the official anthropic client is not installed")

ASKED: Any = [{"role": "user", "content": "Is all well?"}]
COOL = {"temperature": 0}
"""Not all versions of the clients have a word for it."""

BACKUP = "All is well, says somebody else."
SHORT = TimeLimits(idle_s=1.0)
"""For who says nothing more on purpose."""

WAYS = {
    "openai-chat": "/v1",
    "openai-responses": "/v1",
    "anthropic-messages": "/anthropic",
    "gemini-generate": "/gemini",
}
"""Where llmock speaks which dialect."""

FAMILIES = {"openai-chat": "openai", "anthropic-messages": "anthropic"}


@pytest.fixture(scope="module")
def mock_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with llmock(tmp_path_factory.mktemp("llmock") / "log.txt") as running:
        yield running


@pytest.fixture
def mock(mock_address: str) -> str:
    call(mock_address, "/_llmock/reset", {})
    return mock_address


@asynccontextmanager
async def before(tmp_path: Path, dialect: str, base_url: str, model: str, **more: Any) -> AsyncIterator[Doorway]:
    """A gateway whose first target is that server, and whose second is a simulated provider of another dialect."""
    other = "openai-chat" if dialect == "anthropic-messages" else "anthropic-messages"
    shapes = {"primary": {"base_url": base_url, "models": (Model(model),)}}
    scripts = {"primary": FINE, "backup": Answer(text=BACKUP)}
    dialects = {"primary": dialect, "backup": other}
    async with gateway(tmp_path, scripts, dialects=dialects, shapes=shapes, **more) as door:
        yield door


async def told_openai(door: Doorway, *, stream: bool) -> str:
    """What the openai client takes for the answer."""
    async with openai.AsyncOpenAI(base_url=f"{door.url}/v1", api_key=door.secret, max_retries=2) as asking:
        if not stream:
            answer = await asking.chat.completions.create(model="auto", messages=ASKED, max_tokens=32, extra_body=COOL)
            return answer.choices[0].message.content or ""
        chunks = await asking.chat.completions.create(
            model="auto", messages=ASKED, max_tokens=32, extra_body=COOL, stream=True
        )
        return "".join([choice.delta.content or "" async for chunk in chunks for choice in chunk.choices])


async def told_anthropic(door: Doorway, *, stream: bool) -> str:
    """The same of the anthropic client."""
    async with anthropic.AsyncAnthropic(base_url=door.url, api_key=door.secret, max_retries=2) as asking:
        if not stream:
            message = await asking.messages.create(model="auto", max_tokens=32, messages=ASKED, extra_body=COOL)
        else:
            async with asking.messages.stream(model="auto", max_tokens=32, messages=ASKED, extra_body=COOL) as events:
                message = await events.get_final_message()
    return "".join(block.text for block in message.content if block.type == "text")


TOLD = {"openai": told_openai, "anthropic": told_anthropic}


@pytest.mark.parametrize("dialect", WAYS)
@pytest.mark.parametrize("client", TOLD)
@pytest.mark.parametrize("stream", [True, False])
async def test_llmock_answers_both_clients_in_every_dialect_that_it_speaks(
    tmp_path: Path, mock: str, dialect: str, client: str, stream: bool
) -> None:
    async with before(tmp_path, dialect, mock + WAYS[dialect], "gpt-4o-mini") as door:
        assert await TOLD[client](door, stream=stream)
        (row,) = await settled(door)
    assert (row.opened.provider_name, row.error_type, row.finish_reason) == ("primary", None, "stop")
    assert (row.usage.output_tokens or 0) > 0
    assert not row.usage.estimated


@pytest.mark.parametrize("dialect", FAMILIES)
@pytest.mark.parametrize("client", TOLD)
@pytest.mark.parametrize("refusal", [(429, "rate_limited"), (529, "overloaded"), (500, "transient")])
async def test_whoever_llmock_refuses_is_answered_by_the_next_and_it_is_asked_once(
    tmp_path: Path, mock: str, dialect: str, client: str, refusal: tuple[int, str]
) -> None:
    queue(mock, {"type": "fail", "status": refusal[0], "retry_after": 30, "times": None})
    async with before(tmp_path, dialect, mock + WAYS[dialect], "gpt-4o-mini") as door:
        assert await TOLD[client](door, stream=True) == BACKUP
        rows = await settled(door, 2)
    assert [row.error_type for row in rows] == [refusal[1], None]
    assert len({row.opened.request_id for row in rows}) == 1
    assert len(call(mock, "/_llmock/requests")["requests"]) == 1


@pytest.mark.parametrize("dialect", FAMILIES)
@pytest.mark.parametrize("client", TOLD)
@pytest.mark.parametrize("kind", ["disconnect", "truncate", "stall"])
async def test_an_answer_that_llmock_breaks_off_is_finished_by_the_next_in_one_stream(
    tmp_path: Path, mock: str, dialect: str, client: str, kind: str
) -> None:
    queue(mock, {"type": "stream_fault", "kind": kind, "after_chunks": 4, "stall_seconds": 30})
    limits = SHORT if kind == "stall" else TimeLimits()
    async with before(tmp_path, dialect, mock + WAYS[dialect], "gpt-4o-mini", limits=limits) as door:
        text = await TOLD[client](door, stream=True)
        broken, whole = await settled(door, 2)
    assert text.endswith(BACKUP)
    assert broken.error_type is not None
    assert (whole.opened.provider_name, whole.error_type) == ("backup", None)


@pytest.mark.parametrize("dialect", FAMILIES)
@pytest.mark.parametrize("client", TOLD)
async def test_rubbish_in_a_stream_of_llmock_is_kept_from_the_client(
    tmp_path: Path, mock: str, dialect: str, client: str
) -> None:
    queue(mock, {"type": "stream_fault", "kind": "malformed", "after_chunks": 3})
    async with before(tmp_path, dialect, mock + WAYS[dialect], "gpt-4o-mini") as door:
        assert await TOLD[client](door, stream=True)
        rows = await settled(door)
    assert rows[-1].error_type is None


@pytest.mark.parametrize("client", TOLD)
async def test_what_llmock_finds_wrong_with_a_request_is_told_and_asked_of_nobody_else(
    tmp_path: Path, mock: str, client: str
) -> None:
    queue(mock, {"type": "fail", "status": 400, "message": "temperature is out of range", "times": None})
    async with before(tmp_path, "openai-chat", f"{mock}/v1", "gpt-4o-mini") as door:
        with pytest.raises((openai.BadRequestError, anthropic.BadRequestError), match="temperature is out of range"):
            await TOLD[client](door, stream=True)
        assert len(await settled(door)) == 1


# --- LiteLLM's proxy -----------------------------------------------------------------------------

SAYS = "Says LiteLLM's proxy."

LITELLM = """\
model_list:
  - model_name: mocked
    litellm_params: {{model: openai/gpt-4o-mini, api_key: none, mock_response: "{says}"}}
general_settings: {{master_key: key-of-PRIMARY_KEY}}
"""


@pytest.fixture(scope="module")
def litellm_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    python = python_with("litellm", beside="litellm")
    directory = tmp_path_factory.mktemp("litellm")
    (directory / "config.yaml").write_text(LITELLM.format(says=SAYS))
    port = free_port()
    command = [str(Path(python).parent / "litellm"), "--config", str(directory / "config.yaml"), "--port", str(port)]
    surroundings = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with serving(
        [*command, "--host", "127.0.0.1"],
        port,
        health="/health/liveliness",
        log=directory / "log.txt",
        environ=surroundings,
    ) as address:
        yield address


@pytest.mark.parametrize("client", TOLD)
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("dialect", ["openai-chat", "anthropic-messages"])
async def test_litellms_proxy_is_a_provider_like_any_other(
    tmp_path: Path, litellm_address: str, client: str, stream: bool, dialect: str
) -> None:
    base_url = f"{litellm_address}/v1" if dialect == "openai-chat" else litellm_address
    async with before(tmp_path, dialect, base_url, "mocked") as door:
        text = await TOLD[client](door, stream=stream)
        (row,) = await settled(door)
    assert text == SAYS
    assert (row.opened.provider_name, row.error_type) == ("primary", None)


# --- llama.cpp's server --------------------------------------------------------------------------

WRITE_MODEL = """
import sys
import gguf, numpy
chance = numpy.random.default_rng(7)
WIDTH, HIDDEN, HEADS, LAYERS = 64, 128, 4, 1
letters = "abcdefghijklmnopqrstuvwxyz"
syllables = [(one + other).encode() for one in letters for other in letters]
tokens = [b"<unk>", b"<s>", b"</s>", *(b"<0x%02X>" % byte for byte in range(256)), b"\\xe2\\x96\\x81", *syllables]
kinds = [2, 3, 3, *[6] * 256, 1, *[1] * len(syllables)]
writer = gguf.GGUFWriter(sys.argv[1], "llama")
writer.add_context_length(512)
writer.add_embedding_length(WIDTH)
writer.add_block_count(LAYERS)
writer.add_feed_forward_length(HIDDEN)
writer.add_head_count(HEADS)
writer.add_head_count_kv(HEADS)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_rope_dimension_count(WIDTH // HEADS)
writer.add_tokenizer_model("llama")
writer.add_token_list(tokens)
writer.add_token_scores([0.0] * len(tokens))
writer.add_token_types(kinds)
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)
def add(name, *shape):
    writer.add_tensor(name, (chance.standard_normal(shape) * 0.05).astype(numpy.float32))
add("token_embd.weight", len(tokens), WIDTH)
add("output.weight", len(tokens), WIDTH)
writer.add_tensor("output_norm.weight", numpy.ones(WIDTH, numpy.float32))
for layer in range(LAYERS):
    for norm in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"blk.{layer}.{norm}.weight", numpy.ones(WIDTH, numpy.float32))
    for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
        add(f"blk.{layer}.{part}.weight", WIDTH, WIDTH)
    add(f"blk.{layer}.ffn_gate.weight", HIDDEN, WIDTH)
    add(f"blk.{layer}.ffn_up.weight", HIDDEN, WIDTH)
    add(f"blk.{layer}.ffn_down.weight", WIDTH, HIDDEN)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
"""
"""A llama with one layer and weights of chance, the same each time: it speaks nonsense, by the real code."""


@pytest.fixture
async def llama_address(tmp_path: Path) -> AsyncIterator[str]:
    python = python_with("llama_cpp", beside="gguf-dump")
    model, port = tmp_path / "tiny.gguf", free_port()
    written = await run([python, "-c", WRITE_MODEL, str(model)], {}, within=tmp_path)
    if "No module named" in written.errors:
        pytest.skip("the Python package gguf is not installed")
    assert written.code == 0, written.errors
    command = [python, "-m", "llama_cpp.server", "--model", str(model), "--host", "127.0.0.1", "--port", str(port)]
    with serving([*command, "--n_ctx", "512"], port, health="/v1/models", log=tmp_path / "log.txt") as address:
        yield address


@pytest.mark.parametrize("client", TOLD)
@pytest.mark.parametrize("stream", [True, False])
async def test_llama_cpp_is_a_provider_like_any_other(
    tmp_path: Path, llama_address: str, client: str, stream: bool
) -> None:
    async with before(tmp_path, "openai-chat", f"{llama_address}/v1", "tiny") as door:
        text = await TOLD[client](door, stream=stream)
        (row,) = await settled(door)
    assert text
    assert (row.opened.provider_name, row.error_type) == ("primary", None)
    assert (row.usage.output_tokens or 0) > 0
