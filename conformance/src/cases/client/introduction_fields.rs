//! 3.1.2 and 3.1.3: what a CONNECT says, beside what was asked for.

use super::prelude::*;

/// A case in which a client is asked to connect as `$asked` says, and `$seen` is looked at.
macro_rules! says {
    ($address:literal, $title:literal, $statements:expr, $needs:expr, $asked:expr, $what:literal => $field:expr) => {
        ClientCase {
            address: $address,
            title: $title,
            statements: &$statements,
            level: Level::Must,
            needs: &$needs,
            run: |stage| {
                let ask: fn(&ClientStage<'_>) -> Connect = $asked;
                let asked = ask(stage);
                let greeted = about(&$statements, stage.greeted_or_refusal(&asked));
                let Some((_, connect)) = greeted? else {
                    return Err(Finding::unsupported("the client refuses what it is asked for"));
                };
                let field: fn(&Connect) -> _ = $field;
                equal($what, &field(&asked), &field(&connect))
            },
        }
    };
}

pub(super) const CASES: &[ClientCase] = &[
    says!(
        "introduction/keep-alive-as-asked",
        "The Keep Alive stands where it belongs, and is the one that was asked for.",
        ["U-3.1.2-1", "U-1.5.2-1"],
        [Ability::KeepAlive],
        |stage| stage.clean("ka").keep_alive(0x0102),
        "a Keep Alive of" => |connect| connect.keep_alive
    ),
    says!(
        "introduction/clean-session-as-asked",
        "A client that is to begin anew says so by CleanSession 1.",
        ["MQTT-3.1.2-6"],
        [],
        |stage| stage.clean("anew"),
        "CleanSession" => |connect| connect.clean_session
    ),
    says!(
        "introduction/kept-session-as-asked",
        "A client that is to keep its Session says so by CleanSession 0.",
        ["MQTT-3.1.2-4"],
        [Ability::Sessions],
        |stage| stage.persistent("kept"),
        "CleanSession" => |connect| connect.clean_session
    ),
    says!(
        "introduction/id-is-utf-8",
        "A Client Identifier with letters of many scripts arrives as UTF-8.",
        ["MQTT-3.1.3-4", "MQTT-1.5.3-1"],
        [Ability::ClientId],
        |stage| Connect::clean(format!("{}é日😀", stage.id("u"))),
        "the Client Identifier" => |connect| connect.client_id.clone()
    ),
    says!(
        "introduction/id-keeps-a-byte-order-mark",
        "U+FEFF at the beginning of a Client Identifier is a character, and is sent.",
        ["MQTT-1.5.3-3"],
        [Ability::ClientId],
        |stage| Connect::clean(format!("\u{feff}{}", stage.id("b"))),
        "the Client Identifier" => |connect| connect.client_id.clone()
    ),
    says!(
        "introduction/no-will",
        "A client without a Will sets no flag of one, and sends no field of one.",
        ["MQTT-3.1.2-11", "MQTT-3.1.2-13", "MQTT-3.1.2-15"],
        [],
        |stage| stage.clean("plain"),
        "a Will" => |connect| connect.will.clone()
    ),
    says!(
        "introduction/will-of-qos-0",
        "A Will of QoS 0 comes with its topic and its message, and with RETAIN 0.",
        ["MQTT-3.1.2-9", "MQTT-3.1.2-14"],
        [Ability::Will],
        |stage| stage.clean("will").will(stage.topic("will"), "gone", 0, false),
        "a Will" => |connect| connect.will.clone()
    ),
    says!(
        "introduction/will-of-qos-1-to-be-retained",
        "A Will of QoS 1 that is to be retained says so.",
        ["MQTT-3.1.2-9", "MQTT-3.1.2-14"],
        [Ability::Will],
        |stage| stage.clean("will").will(stage.topic("will"), "gone", 1, true),
        "a Will" => |connect| connect.will.clone()
    ),
    says!(
        "introduction/will-of-qos-2",
        "A Will of QoS 2 says so.",
        ["MQTT-3.1.2-9", "MQTT-3.1.2-14"],
        [Ability::Will, Ability::Qos2],
        |stage| stage.clean("will").will(stage.topic("will"), "gone", 2, false),
        "a Will" => |connect| connect.will.clone()
    ),
    says!(
        "introduction/will-without-a-message",
        "A Will Message may be empty: its length field is there all the same.",
        ["MQTT-3.1.2-9"],
        [Ability::Will],
        |stage| stage.clean("will").will(stage.topic("will"), "", 1, false),
        "a Will" => |connect| connect.will.clone()
    ),
    says!(
        "introduction/will-topic-is-utf-8",
        "A Will Topic with letters of many scripts arrives as UTF-8.",
        ["MQTT-3.1.3-10", "MQTT-1.5.3-1"],
        [Ability::Will],
        |stage| stage.clean("will").will(stage.topic("é/日/😀"), "gone", 0, false),
        "a Will" => |connect| connect.will.clone()
    ),
    says!(
        "introduction/no-user-name",
        "A client that has no user name sends none, and no password.",
        ["MQTT-3.1.2-18", "MQTT-3.1.2-20", "MQTT-3.1.2-22"],
        [],
        |stage| stage.clean("nobody"),
        "user name and password" => |connect| (connect.username.clone(), connect.password.clone())
    ),
    says!(
        "introduction/user-name-alone",
        "A user name goes without a password, and then there is no flag and no field of one.",
        ["MQTT-3.1.2-19", "MQTT-3.1.2-20"],
        [Ability::Credentials],
        |stage| stage.clean("user").username("someone"),
        "user name and password" => |connect| (connect.username.clone(), connect.password.clone())
    ),
    says!(
        "introduction/user-name-and-password",
        "User name and password come as they were given.",
        ["MQTT-3.1.2-19", "MQTT-3.1.2-21", "MQTT-3.1.2-22"],
        [Ability::Credentials],
        |stage| stage.clean("user").username("someone").password("secret"),
        "user name and password" => |connect| (connect.username.clone(), connect.password.clone())
    ),
    says!(
        "introduction/user-name-is-utf-8",
        "A user name with letters of many scripts arrives as UTF-8.",
        ["MQTT-3.1.3-11", "MQTT-1.5.3-1"],
        [Ability::Credentials],
        |stage| stage.clean("user").username("é日😀").password("x"),
        "the user name" => |connect| connect.username.clone()
    ),
    says!(
        "introduction/password-is-data",
        "A password is data: U+0000 in it is sent like any other.",
        ["U-3.1.3.5-1"],
        [Ability::Credentials],
        |stage| stage.clean("user").username("someone").password("a\0b\u{7f}"),
        "the password" => |connect| connect.password.clone()
    ),
    says!(
        "introduction/all-fields-in-order",
        "Client Identifier, Will Topic, Will Message, user name and password stand in this order.",
        ["MQTT-3.1.3-1", "MQTT-3.1.3-3"],
        [Ability::ClientId, Ability::Credentials, Ability::Will],
        |stage| {
            let will = stage.topic("will");
            stage.clean("all").will(will, "the will", 1, false).username("user").password("word")
        },
        "all fields" => |connect| {
            let Connect { client_id, will, username, password, .. } = connect.clone();
            (client_id, will, username, password)
        }
    ),
];
