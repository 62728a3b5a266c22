//! What one meets by agreeing to everything, and why: all other cases must not be passed so.

/// Reasons, each with the cases that it explains.
pub(crate) const MET_BY_AGREEING: &[(&str, &[&str])] = &[
    (
        "It accepts every CONNECT in good order, and that is all there is to see.",
        &[
            "connect/accepted",
            "connack/form",
            "credentials/password-is-data",
            "credentials/empty-password-is-a-password",
            "credentials/longest-password-is-taken",
            "credentials/empty-user-name-is-a-user-name",
            "credentials/user-name-needs-no-password",
            "keep-alive/longest-is-taken",
            "client-id/every-length-up-to-23-is-taken",
            "client-id/every-letter-and-digit-is-taken",
            "client-id/empty-is-taken-or-refused",
        ],
    ),
    (
        "It closes nothing, and so keeps whom one must keep.",
        &[
            "client-id/another-one-displaces-nobody",
            "client-id/empty-ones-are-unique",
            "keep-alive/pings-keep-the-connection",
            "keep-alive/publishing-keeps-the-connection",
            "keep-alive/subscribing-keeps-the-connection",
            "keep-alive/zero-is-taken",
        ],
    ),
    (
        "It keeps no Session, and says so.",
        &[
            "clean-session/ends-with-its-connection",
            "clean-session/ends-with-a-lost-connection",
            "connack/no-session-of-a-stranger",
        ],
    ),
    (
        "It answers nothing that it cannot read, a CONNECT for another protocol among it.",
        &[
            "protocol-name/longer",
            "protocol-name/shorter",
            "protocol-name/small-letters",
            "protocol-name/empty",
            "protocol-name/unknown",
            "protocol-name/of-an-earlier-version",
        ],
    ),
    (
        "It acknowledges every PUBLISH by its QoS, and nobody is there to miss the message.",
        &[
            "packet-id/puback-repeats-it",
            "packet-id/pubrec-repeats-it",
            "publish/qos-0-is-not-answered",
            "publish/qos-1-gets-a-puback",
            "publish/qos-2-gets-a-pubrec-and-a-pubcomp",
            "acknowledgements/puback-is-an-identifier",
            "acknowledgements/pubrec-and-pubcomp-are-identifiers",
            "qos0/not-answered",
            "qos1/each-publish-gets-its-puback",
            "qos1/acknowledged-without-subscribers",
        ],
    ),
    (
        "It grants every SUBSCRIBE what was asked for; whether that is worth anything is for others.",
        &[
            "data/integers-begin-with-the-high-octet",
            "packet-id/suback-repeats-it",
            "subscribe/gets-a-suback",
            "subscribe/each-gets-a-suback-of-its-own",
            "subscribe/one-return-code-for-one-filter",
            "subscribe/two-return-codes-for-two-filters",
            "subscribe/fifty-return-codes-for-fifty-filters",
            "subscribe/two-hundred-return-codes-for-as-many-filters",
            "subscribe/return-codes-are-in-the-order-of-the-filters",
            "subscribe/return-codes-are-of-the-four",
            "subscribe/plus-is-supported",
            "subscribe/hash-is-supported",
            "subscribe/many-get-one-suback",
            "subscribe/same-filter-twice-gets-two-return-codes",
            "qos-matrix/no-more-than-0-granted",
            "qos-matrix/no-more-than-1-granted",
        ],
    ),
    (
        "It acknowledges every UNSUBSCRIBE.",
        &[
            "packet-id/unsuback-repeats-it",
            "unsubscribe/gets-an-unsuback",
            "unsubscribe/unknown-filter-is-acknowledged",
            "unsubscribe/second-time-is-acknowledged",
            "unsubscribe/unsuback-is-an-identifier",
            "unsubscribe/many-get-one-unsuback",
        ],
    ),
    ("It answers every PINGREQ.", &["ping/answered", "ping/each-is-answered"]),
];
