//! A packet as one line for a person: `PUBLISH "a/b" q1 id 7, 5 octets`.

use std::fmt;

use super::{Connack, Connect, Delivery, Packet, Publish, Suback, SubackCode, Subscribe};

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.packet_type().name())?;
        match self {
            Self::Connect(connect) => describe_connect(connect, f),
            Self::Connack(Connack::Accepted { session_present: true }) => {
                f.write_str(" accepted, session present")
            }
            Self::Connack(Connack::Accepted { session_present: false }) => f.write_str(" accepted"),
            Self::Connack(Connack::Refused(refusal)) => {
                write!(f, " refused with {}: {refusal}", refusal.code())
            }
            Self::Publish(publish) => describe_publish(publish, f),
            Self::Puback(packet) => write!(f, " id {}", packet.packet_id),
            Self::Pubrec(packet) => write!(f, " id {}", packet.packet_id),
            Self::Pubrel(packet) => write!(f, " id {}", packet.packet_id),
            Self::Pubcomp(packet) => write!(f, " id {}", packet.packet_id),
            Self::Subscribe(subscribe) => describe_subscribe(subscribe, f),
            Self::Suback(suback) => describe_suback(suback, f),
            Self::Unsubscribe(unsubscribe) => {
                write!(f, " id {}", unsubscribe.packet_id)?;
                unsubscribe.filters().try_for_each(|filter| write!(f, " {filter:?}"))
            }
            Self::Unsuback(packet) => write!(f, " id {}", packet.packet_id),
            Self::Pingreq(_) | Self::Pingresp(_) | Self::Disconnect(_) => Ok(()),
        }
    }
}

fn describe_connect(connect: &Connect, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let session = if connect.clean_session() { "clean session" } else { "kept session" };
    let (client_id, seconds) = (connect.client_id(), connect.keep_alive_seconds());
    write!(f, " {:?}, {session}, keep alive {seconds} s", client_id.as_str())?;
    if let Some(will) = connect.will() {
        let retain = if will.retain { " retain" } else { "" };
        write!(f, ", will {:?} q{}{retain}", will.topic, will.qos)?;
    }
    if let Some(credentials) = connect.credentials() {
        let password = if credentials.password.is_some() { " with password" } else { "" };
        write!(f, ", user {:?}{password}", credentials.user_name)?;
    }
    Ok(())
}

fn describe_publish(publish: &Publish, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, " {:?} q{}", publish.topic, publish.delivery.qos())?;
    match publish.delivery {
        Delivery::AtMostOnce => {}
        Delivery::AtLeastOnce { packet_id, dup } | Delivery::ExactlyOnce { packet_id, dup } => {
            write!(f, " id {packet_id}{}", if dup { " dup" } else { "" })?;
        }
    }
    let retain = if publish.retain { " retain" } else { "" };
    write!(f, "{retain}, {} octets", publish.payload.len())
}

fn describe_subscribe(subscribe: &Subscribe, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, " id {}", subscribe.packet_id)?;
    subscribe.filters().try_for_each(|wanted| write!(f, " {:?} q{}", wanted.filter, wanted.qos))
}

fn describe_suback(suback: &Suback, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, " id {}", suback.packet_id)?;
    suback.codes().try_for_each(|code| match code {
        SubackCode::Granted(qos) => write!(f, " q{qos}"),
        SubackCode::Failure => f.write_str(" failure"),
    })
}
