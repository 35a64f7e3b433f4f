"""The SpacetimeDB algebraic type system: types, values, and the BSATN and SATS-JSON codecs."""
