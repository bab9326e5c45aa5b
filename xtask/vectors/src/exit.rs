//! The exit code that each verdict ends in.

/// The verdicts of the corpus, by exit code.
const EXITS: &[(u8, &[&str])] = &[
    (0, &["ok"]),
    (
        1,
        &[
            "input.duplicate_key",
            "input.json_malformed",
            "input.json_shape",
            "input.number",
            "input.unknown_field",
            "pack.bad_signature",
            "pack.definition_malformed",
            "pack.definition_mismatch",
            "pack.definition_undeclared",
            "pack.digest_format",
            "pack.digest_mismatch",
            "pack.duplicate_key",
            "pack.envelope_malformed",
            "pack.equivocation",
            "pack.graph_condition",
            "pack.graph_duplicate_node",
            "pack.graph_edge_to_nowhere",
            "pack.graph_no_start",
            "pack.graph_node_id",
            "pack.graph_pointer",
            "pack.graph_scope",
            "pack.graph_scope_undeclared",
            "pack.graph_tool_undeclared",
            "pack.graph_unknown_reference",
            "pack.graph_value",
            "pack.manifest_description",
            "pack.manifest_duplicate_key",
            "pack.manifest_identifier",
            "pack.manifest_malformed",
            "pack.manifest_mismatch",
            "pack.manifest_schema",
            "pack.manifest_scope",
            "pack.manifest_spec",
            "pack.manifest_tool_digest",
            "pack.manifest_unknown_field",
            "pack.manifest_version",
            "pack.missing_file",
            "pack.no_manifest",
            "pack.statement_duplicate_key",
            "pack.statement_malformed",
            "pack.subject_mismatch",
            "pack.weak_digest",
            "pack.wrong_payload_type",
            "pack.wrong_predicate",
            "sign.bad_signature",
            "sign.key_format",
            "sign.private_key",
            "sign.weak_key",
            "sign.envelope_malformed",
            "sign.wrong_payload_type",
            "trust.bad_threshold",
            "trust.dates_invalid",
            "trust.duplicate_public_key",
            "trust.duplicate_signer",
            "trust.schema_unknown",
            "trust.signer_name",
            "trust.version_invalid",
        ],
    ),
    (3, &["pack.no_signatures", "pack.unsigned", "sign.no_signatures"]),
    (
        4,
        &[
            "pack.name_scope",
            "pack.threshold",
            "pack.untrusted",
            "sign.threshold",
            "sign.untrusted",
            "trust.chain_broken",
            "trust.root_mismatch",
        ],
    ),
    (
        5,
        &[
            "pack.key_expired",
            "pack.key_not_yet_valid",
            "pack.key_retired",
            "pack.key_revoked",
            "pack.pack_expired",
            "pack.pack_revoked",
            "pack.rollback",
            "sign.key_retired",
            "trust.expired",
        ],
    ),
    (
        6,
        &[
            "pack.duplicate_path",
            "pack.entry_order",
            "pack.entry_type",
            "pack.mode_mismatch",
            "pack.non_canonical",
            "pack.path_collision",
            "pack.trailing_data",
            "pack.unsafe_path",
        ],
    ),
    (
        7,
        &[
            "pack.envelope_too_deep",
            "pack.graph_max_steps",
            "pack.graph_value_too_deep",
            "pack.limit_definition",
            "pack.limit_depth",
            "pack.limit_file_size",
            "pack.limit_manifest",
            "pack.manifest_too_deep",
            "pack.too_many_signatures",
        ],
    ),
];

/// The exit code of a verdict.
pub(crate) fn of(verdict: &str) -> u8 {
    let row = EXITS.iter().find(|(_, verdicts)| verdicts.contains(&verdict));
    row.expect("every verdict is in the table").0
}

/// Every verdict that has an exit code here.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    EXITS.iter().flat_map(|(_, verdicts)| verdicts.iter().copied())
}
