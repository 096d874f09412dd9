"""From the router's events to the bytes of one answer in the client's dialect.

    held ──first word──> begun ──the model says it is done──> held ──the attempt has held good──> the end
      │                    │                                    │
      └─ failed: forgotten,└─ failed: another goes on from ─────┘
         another begins       there, or an error event ends it

Nothing is sent before the first word, so that an attempt that fails before it leaves no trace and a request that fails
altogether gets a status. Where the provider speaks the client's dialect its own bytes are sent (passing.py). As soon as
another attempt has to go on in mid-answer, all is written by our own encoder, which is first told what was said.
"""

from collections.abc import Callable

from burn_tui.core.catalog import Provider, Target
from burn_tui.core.chat import ChatRequest
from burn_tui.core.events import (
    AttemptFailed,
    AttemptStarted,
    Escalated,
    Event,
    FellBack,
    FinishSeen,
    Malformed,
    ModelSeen,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
)
from burn_tui.core.failure import Failure
from burn_tui.gateway.holding import Holding
from burn_tui.gateway.passing import Passing
from burn_tui.providers.dialect import Decoder, Dialect, Encoder
from burn_tui.providers.tool_names import ToolNames

_Delta = TextDelta | ReasoningDelta | ToolCallDelta
_OnTheWire = _Delta | UsageSeen | ModelSeen | FinishSeen | Malformed


class Answer:
    """Takes the events of one request; `take` gives what is to be sent."""

    def __init__(self, dialect: Dialect, request: ChatRequest, *, new_encoder: Callable[[str], Encoder]) -> None:
        self.has_begun = False
        """Whether anything of the answer was given to be sent."""
        self.cut: Failure | None = None
        """Set when the answer can go on no more, because what was sent of it cannot be taken back."""
        self.holding: Holding | None = None
        """What keeps the answer back until it may be taken for one; None = nothing does."""
        self._dialect = dialect
        self._request = request
        self._new_encoder = new_encoder
        """Given the model that is asked."""
        self._said: list[_Delta | ModelSeen] = []
        """Of the answer as it stands."""
        self._held: list[bytes] = []
        self._is_done = False
        """The model has said that it is done."""
        self._has_failed = False
        """The last attempt has, and nothing was decided on what was sent of it."""
        self._is_spliced = False
        self._target = Target("", "")
        self._encoder: Encoder | None = None
        self._passing: Passing | None = None

    def watch(self, provider: Provider, is_streamed: bool, decoder: Decoder) -> Decoder:
        """The decoder that is used for an answer of `provider`."""
        is_same = provider.dialect == self._dialect.name and is_streamed == self._request.stream
        # Where a tool had to go by another name, the provider's bytes speak of one that the client does not know.
        is_renamed = ToolNames(self._request.tools, self._dialect.naming).are_changed
        self._passing = None
        if is_same and not is_renamed and not self._is_spliced:
            self._passing = Passing(decoder, is_streamed=is_streamed, with_usage=self._request.stream_usage)
        return self._passing or decoder

    def take(self, event: Event) -> bytes:
        """What `event` adds to what the client may see now."""
        match event:
            case AttemptStarted(target=target):
                if self._has_failed:
                    self._change_hands(continues=False)
                self._begin_anew_at(target)
            case TextDelta() | ReasoningDelta() | ToolCallDelta():
                self._said.append(event)
                if self.holding is not None:
                    self.holding.take(event)
                return self._shown(self._written(event), is_answer=True)
            case ModelSeen():
                self._said.append(event)
                return self._shown(self._written(event))
            case UsageSeen() | Malformed() | FinishSeen():
                data = self._written(event)
                self._is_done |= isinstance(event, FinishSeen)
                return self._shown(data)
            case AttemptFailed():
                self._held.clear()
                self._passing, self._has_failed = None, True
            case FellBack(to_target=target, continues=continues):
                self._change_hands(continues=continues)
                self._begin_anew_at(target)
            case Escalated(to_target=target):
                if self.holding is not None:
                    self.holding.end()
                self._held.clear()
                self._change_hands(continues=False)
                self._begin_anew_at(target)
            case _:
                pass
        return b""

    def end(self) -> bytes:
        """What is left of an answer that is complete."""
        rest = self._passing.rest() if self._passing is not None else self._encoding().finish()
        if self.holding is not None:
            self.holding.end()
        self.has_begun = True
        return self._released() + rest

    def broken(self, failure: Failure) -> bytes:
        """What ends an answer that has begun and will not be complete."""
        self._splice()
        return self._encoding().encode(failure)

    # --- how ----------------------------------------------------------------------------------------

    def _written(self, event: _OnTheWire) -> bytes:
        if self._passing is not None:
            return self._passing.taken()
        if isinstance(event, UsageSeen) and not self._request.stream_usage:
            return b""
        return self._encoding().encode(event)

    @property
    def is_kept_back(self) -> bool:
        """Whether nothing may be shown yet, although something has come or will."""
        return self.holding is not None and not self.holding.is_over

    @property
    def _has_called(self) -> bool:
        return any(isinstance(delta, ToolCallDelta) for delta in self._said)

    def _encoding(self) -> Encoder:
        if self._encoder is None:
            self._encoder = self._new_encoder(self._target.model)
        return self._encoder

    def _shown(self, data: bytes, *, is_answer: bool = False) -> bytes:
        self._held.append(data)
        if not self._request.stream or self._is_done or not (self.has_begun or is_answer) or self.is_kept_back:
            return b""
        released = self._released()
        self.has_begun |= bool(released)
        return released

    def _released(self) -> bytes:
        released = b"".join(self._held)
        self._held.clear()
        return released

    def _change_hands(self, *, continues: bool) -> None:
        """Another target goes on, or begins anew."""
        self._has_failed = False
        has_spoken = any(isinstance(delta, TextDelta) and delta.text for delta in self._said)
        if self.has_begun and (self._has_called or (has_spoken and not continues)):
            self.cut = Failure("truncated", "the answer broke off, and what was sent of it cannot be taken back")
        elif self.has_begun:
            self._splice()
        elif continues:
            # Nobody has seen it yet: the text counts, calls that were not finished do not.
            self._said = [delta for delta in self._said if not isinstance(delta, ToolCallDelta)]
            self._splice()
        else:
            self._said.clear()
            if self.holding is not None:
                self.holding.begin_anew()

    def _begin_anew_at(self, target: Target) -> None:
        """Whatever comes next is of `target`, also where it is an answer that is said again without a call."""
        self._target, self._passing, self._is_done = target, None, False
        if not self._is_spliced:
            self._encoder = None

    def _splice(self) -> None:
        """Write everything from now on ourselves, as if all that was said had been written by us."""
        if self._is_spliced:
            return
        self._is_spliced, self._passing = True, None
        self._held.clear()
        self._encoder = self._new_encoder(self._target.model)
        told = [self._encoder.encode(event) for event in self._said]
        if not self.has_begun:
            self._held = told
