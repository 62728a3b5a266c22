//! Cases that no sabotage makes fail, each with its reason.
//!
//! A sabotage breaks a rule. What a case only tells, since the standard leaves it open, changes
//! behind one where the choice has something to do with the rule; these have nothing to do with any.

/// Addresses and reasons.
pub(super) const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "connect/none-at-all",
        "It tells how long a Server waits for a CONNECT, which no rule limits.",
    ),
    ("data/control-characters", "It tells of characters that a Server may take or refuse."),
    ("data/non-characters", "It tells of characters that a Server may take or refuse."),
    (
        "header/remaining-length-longer-than-needed",
        "It tells of a form of the length that this version neither allows nor forbids.",
    ),
    (
        "keep-alive/zero-turns-the-watch-off",
        "It tells whether a silent Client without Keep Alive is cut off, which a Server may do.",
    ),
    (
        "access/publish-without-rights",
        "It tells which of the two allowed answers a Server gives; who gives neither fails the cases beside it.",
    ),
    (
        "redelivery/on-a-live-connection",
        "It tells whether messages are sent again on one connection, which a Server may do.",
    ),
    (
        "session/messages-of-qos-0-for-an-absent-client",
        "It tells whether such messages wait, which is the choice of a Server.",
    ),
    (
        "subscribe/good-filters-of-a-malformed-packet",
        "It tells whether anything of a malformed packet takes effect before the close.",
    ),
    (
        "qos-matrix/greatest-granted",
        "It tells the QoS that is granted, which may be less than was asked for.",
    ),
    ("order/of-pubrecs", "It tells an order that binds Clients, and no Server."),
];
