"""Which functions change nothing. Every other call in a migration is one that nobody has looked
into."""

from __future__ import annotations

from sqlglot import exp


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PURE = _names("""
    Abs And AnyValue Array ArrayAgg ArrayConcat ArrayContains ArraySize ArrayToString Ascii Avg
    BitLength ByteLength Case Cast Ceil Chr Coalesce Collate Concat ConcatWs Convert Count
    CurrentCatalog CurrentDate CurrentDatetime CurrentSchema CurrentTime CurrentTimestamp
    CurrentUser Date DateAdd DateDiff DateSub DateTrunc Day DayOfMonth DayOfWeek DayOfYear Decode
    DenseRank Encode Exists Exp Extract First FirstValue Floor Format FromBase64 GenerateSeries
    Greatest GroupConcat Hex Hour If Initcap JSONArray JSONArrayAgg JSONBContains JSONBExists
    JSONBExtract JSONBExtractScalar JSONBObjectAgg JSONExists JSONExtract JSONExtractScalar JSONKeys
    JSONObject JSONObjectAgg JSONRemove JSONSet Lag Last LastDay LastValue Lead Least Left Length Ln
    Localtime Localtimestamp Log Lower MD5 Max Min Minute Month Nullif Or Overlay Pad ParseJSON Pi
    Pow Quarter Rand Rank RegexpLike RegexpReplace Repeat Replace Reverse Right Round RowNumber SHA
    SHA2 Second SessionUser Sign Space SplitPart Sqrt StartsWith StrPosition StrToDate StrToTime
    StringToArray Substring SubstringIndex Sum Time TimeToStr TimeToUnix Timestamp TimestampAdd
    TimestampDiff TimestampSub TimestampTrunc ToBase64 ToChar ToNumber Translate Trim Trunc TryCast
    TsOrDsAdd TsOrDsDiff TsOrDsToDate TsOrDsToDateStr TsOrDsToTimestamp Unhex UnixToTime Unnest
    Upper UtcDate UtcTime UtcTimestamp Uuid Week Xor Year
""")
"""Classes of sqlglot."""
_PURE_NAMES = _names("""
    array_length array_position btrim char_length clock_timestamp concat_ws connection_id
    current_setting database date_format date_part datediff field find_in_set found_rows
    from_unixtime get_lock inet_aton inet_ntoa is_free_lock json_array json_build_object
    json_merge_patch json_object json_quote json_unquote json_valid jsonb_array_elements
    jsonb_array_elements_text jsonb_build_array jsonb_build_object jsonb_each jsonb_object_keys
    jsonb_set jsonb_strip_nulls jsonb_typeof last_insert_id length lpad ltrim make_date
    make_interval nextval now octet_length pg_advisory_lock pg_advisory_unlock pg_advisory_xact_lock
    pg_get_serial_sequence quote quote_ident quote_literal regexp_matches release_lock row_count
    rpad rtrim schema statement_timestamp string_agg strpos sysdate timeofday timezone to_char
    to_date to_json to_jsonb to_number to_regclass to_timestamp to_tsvector transaction_timestamp
    txid_current unix_timestamp user uuid uuid_generate_v4 uuid_to_bin version
""")


def foreign_call(tree: exp.Expression) -> str | None:
    """The name of a function in `tree` that may do anything, or None."""
    is_definition = isinstance(tree, exp.Create | exp.Alter)
    for node in tree.walk():
        if (
            isinstance(node, exp.Func)
            and not _is_pure(node)
            and not (is_definition and _is_key_prefix(node))
        ):
            return _name(node)
    return None


def _is_pure(call: exp.Func) -> bool:
    if isinstance(call.parent, exp.Dot) and call.parent.this.name.lower() != "pg_catalog":
        return False  # of a schema, whatever it is called
    if isinstance(call.parent, exp.PartitionedByProperty):
        return call.name.upper() in ("RANGE", "LIST", "HASH", "KEY")
    if isinstance(call, exp.Anonymous):
        return call.name.lower() in _PURE_NAMES
    return type(call).__name__ in _PURE


def _is_key_prefix(call: exp.Func) -> bool:
    """`note(10)` in MySQL's `INDEX (note(10))` is a column."""
    return (
        isinstance(call, exp.Anonymous)
        and [type(part) for part in call.expressions] == [exp.Literal]
        and isinstance(
            call.parent, exp.Ordered | exp.IndexColumnConstraint | exp.PrimaryKey | exp.Schema
        )
    )


def _name(call: exp.Func) -> str:
    return call.name if isinstance(call, exp.Anonymous) else type(call).__name__
