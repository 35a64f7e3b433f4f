"""What is said, as messages of a protocol on one server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from stdbpy.protocol.catalog import FunctionLayout, catalog_of
from stdbpy.protocol.v1 import codec as v1_bsatn
from stdbpy.protocol.v1 import json_codec as v1_json
from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v2 import codec as v2_codec
from stdbpy.protocol.v2 import messages as m2
from stdbpy.sats.values import Identity
from stdbpy.schema.model import ModuleSchema
from tests.contract.side_by_side.conversations.words import Call, CallProcedure, CallReducer, Nonsense, Somebody, Word
from tests.contract.websocket import V1, V1_JSON


class Writer:
    """``identities`` are those of the clients, by name, in hexadecimal digits."""

    def __init__(self, schema: ModuleSchema, identities: Mapping[str, str]) -> None:
        catalog = catalog_of(schema)
        self._functions: dict[str, FunctionLayout] = {**catalog.reducers, **catalog.procedures}
        self._identities = identities

    def message(self, word: Word, protocol: str) -> Any:
        """Of the protocol, or :class:`Nonsense` as it is."""
        match word:
            case CallReducer(call, request, flags):
                args = self._arguments(call, protocol)
                if protocol in (V1, V1_JSON):
                    return m1.CallReducer(call.name, args, request, flags)
                assert isinstance(args, bytes)
                return m2.CallReducer(request, m2.CallFlags.Default, call.name, args)
            case CallProcedure(call, request):
                args = self._arguments(call, protocol)
                if protocol in (V1, V1_JSON):
                    return m1.CallProcedure(call.name, args, request, 0)
                assert isinstance(args, bytes)
                return m2.CallProcedure(request, m2.CallFlags.Default, call.name, args)
        return word

    def payload(self, word: Word, protocol: str) -> bytes:
        """What a frame carries."""
        message = self.message(word, protocol)
        if isinstance(message, Nonsense):
            return message.data.encode() if isinstance(message.data, str) else message.data
        if protocol == V1:
            return v1_bsatn.encode_client_message(message)
        if protocol == V1_JSON:
            return v1_json.encode_client_message(message).encode()
        return v2_codec.encode_client_message(message)

    def _arguments(self, call: Call, protocol: str) -> bytes | str:
        if call.is_spoiled:
            bsatn, text = call.args
            return text if protocol == V1_JSON else bsatn
        values = tuple(
            Identity.from_hex(self._identities[value.name]) if isinstance(value, Somebody) else value
            for value in call.args
        )
        layout = self._functions[call.name]
        if protocol == V1_JSON:
            return json.dumps(layout.json_arguments.to_json(values))
        return layout.arguments.encode(values)
