//! Cases for clients that no sabotage makes fail, each with its reason.

/// Addresses and reasons.
pub(in super::super) const EXCEPTIONS: &[(&str, &str)] = &[(
    "publishing/control-characters",
    "It tells whether a client keeps back what its program had better not have asked for.",
)];
