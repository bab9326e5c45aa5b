//! The limits as they are published: who writes bundles and files counts on each of them.

use std::time::Duration;

use crate::{
    MAX_APPROVAL_BYTES, MAX_APPROVAL_PAYLOAD_BYTES, MAX_APPROVAL_REQUEST_BYTES, MAX_APPROVAL_VALIDITY,
    MAX_BUNDLE_BYTES, MAX_BUNDLE_PAYLOAD_BYTES, MAX_CASES, MAX_CASES_TOML_BYTES, MAX_CHOICES, MAX_EXCEPTIONS,
    MAX_GRANTS, MAX_LIMITED_ARGUMENT_BYTES, MAX_LIMITS, MAX_MODEL_KEYS, MAX_MODELS_PER_KEY, MAX_NARROWED,
    MAX_PERMIT_TOKEN_BYTES, MAX_POLICY_TOML_BYTES, MAX_POLICY_VERSION, MAX_REASONS, MAX_REDEMPTIONS,
    MAX_SHOWN_ARGUMENT_BYTES, MAX_TENANTS, MAX_TOOLS,
};

#[test]
fn the_limits_are_the_published_ones() {
    let limits = [
        (MAX_APPROVAL_BYTES, 4096),
        (MAX_APPROVAL_PAYLOAD_BYTES, 54),
        (MAX_APPROVAL_REQUEST_BYTES, 553_984),
        (MAX_BUNDLE_BYTES, 9_852_244),
        (MAX_BUNDLE_PAYLOAD_BYTES, 7_340_032),
        (MAX_CASES, 4096),
        (MAX_CASES_TOML_BYTES, 4_194_304),
        (MAX_EXCEPTIONS, 256),
        (MAX_GRANTS, 16_384),
        (MAX_LIMITED_ARGUMENT_BYTES, 4_194_304),
        (MAX_LIMITS, 1024),
        (MAX_CHOICES, 4096),
        (MAX_TENANTS, 1024),
        (MAX_NARROWED, 16_384),
        (MAX_MODEL_KEYS, 64),
        (MAX_MODELS_PER_KEY, 64),
        (MAX_PERMIT_TOKEN_BYTES, 474),
        (MAX_POLICY_TOML_BYTES, 8_388_608),
        (MAX_REASONS, 64),
        (MAX_REDEMPTIONS, 65_536),
        (MAX_SHOWN_ARGUMENT_BYTES, 65_536),
        (MAX_TOOLS, 4096),
    ];
    for (index, (limit, published)) in limits.into_iter().enumerate() {
        assert_eq!(limit, published, "{index}");
    }
    assert_eq!(MAX_POLICY_VERSION, 9_007_199_254_740_992);
    assert_eq!(MAX_APPROVAL_VALIDITY, Duration::from_secs(3600));
}
