//! What every packet of the subject is held against.

use crate::wire::{Kind, Malformed, Sender};

/// A rule that the oracle looks after in every case.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Rule {
    /// Acknowledgements carry the identifier of something that was sent.
    AnswersToWhatWasSent,
    /// The first packet is CONNACK.
    ConnackFirst,
    /// A packet that is sent again has DUP set, if it has such a flag.
    DupWhenSentAgain,
    /// A CONNACK has its form.
    FormOfConnack,
    /// A PINGRESP has its form.
    FormOfPingresp,
    /// A PUBACK has its form.
    FormOfPuback,
    /// A PUBCOMP has its form.
    FormOfPubcomp,
    /// A PUBLISH has its form.
    FormOfPublish,
    /// A PUBREC has its form.
    FormOfPubrec,
    /// A PUBREL has its form.
    FormOfPubrel,
    /// A SUBACK has its form.
    FormOfSuback,
    /// An UNSUBACK has its form.
    FormOfUnsuback,
    /// An identifier in use is left alone.
    IdentifierInUse,
    /// Messages of one publisher on one topic at one QoS come in order.
    Order,
    /// What is new to a Session has DUP 0.
    NoDupAtFirst,
    /// No message has a greater QoS than it was published with, or than was granted.
    NoQosAboveWhatIsDue,
    /// A message of QoS 2 comes once.
    OnceAtQos2,
    /// Nothing comes that is no packet which a Server sends.
    OnlyWhatServersSend,
    /// Messages come on topics that the Client has subscribed to.
    TopicsMatch,
}

impl Rule {
    /// The address of the case that tells what was heard of it.
    pub const fn address(self) -> &'static str {
        match self {
            Self::AnswersToWhatWasSent => "background/answers-are-to-what-was-sent",
            Self::ConnackFirst => "background/connack-comes-first",
            Self::DupWhenSentAgain => "background/dup-when-sent-again",
            Self::FormOfConnack => "background/connack-in-good-order",
            Self::FormOfPingresp => "background/pingresp-in-good-order",
            Self::FormOfPuback => "background/puback-in-good-order",
            Self::FormOfPubcomp => "background/pubcomp-in-good-order",
            Self::FormOfPublish => "background/publish-in-good-order",
            Self::FormOfPubrec => "background/pubrec-in-good-order",
            Self::FormOfPubrel => "background/pubrel-in-good-order",
            Self::FormOfSuback => "background/suback-in-good-order",
            Self::FormOfUnsuback => "background/unsuback-in-good-order",
            Self::IdentifierInUse => "background/identifiers-in-use-are-left-alone",
            Self::NoDupAtFirst => "background/no-dup-at-first",
            Self::NoQosAboveWhatIsDue => "background/no-qos-above-what-is-due",
            Self::OnceAtQos2 => "background/once-at-qos-2",
            Self::OnlyWhatServersSend => "background/only-what-servers-send",
            Self::Order => "background/messages-in-order",
            Self::TopicsMatch => "background/topics-match-a-subscription",
        }
    }

    /// The rule on the form of a packet of this type. Types that only Clients send have none.
    pub(super) const fn on_form(kind: Kind) -> Self {
        match kind {
            Kind::Connack => Self::FormOfConnack,
            Kind::Pingresp => Self::FormOfPingresp,
            Kind::Puback => Self::FormOfPuback,
            Kind::Pubcomp => Self::FormOfPubcomp,
            Kind::Publish => Self::FormOfPublish,
            Kind::Pubrec => Self::FormOfPubrec,
            Kind::Pubrel => Self::FormOfPubrel,
            Kind::Suback => Self::FormOfSuback,
            Kind::Unsuback => Self::FormOfUnsuback,
            Kind::Connect
            | Kind::Subscribe
            | Kind::Unsubscribe
            | Kind::Pingreq
            | Kind::Disconnect => Self::OnlyWhatServersSend,
        }
    }

    /// The rule that octets break which are no packet.
    pub(super) fn broken_by(octets: &[u8], malformed: Malformed) -> Self {
        let kind = Kind::ALL.into_iter().find(|kind| octets[0] >> 4 == kind.first_byte() >> 4);
        match kind {
            Some(kind) if kind.comes_from(Sender::Server) && malformed.offset < octets.len() => {
                Self::on_form(kind)
            }
            _ => Self::OnlyWhatServersSend,
        }
    }
}
