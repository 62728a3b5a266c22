//! Defects at the seams between the server, its network and its disk: each must be found.

use std::collections::BTreeMap;

use mqttspec::broker::{Change, Kept};
use mqttspec::packet::{
    Connack, Delivery, Disconnect, Packet, PacketId, Puback, Publish, Pubrel, QoS,
};

/// Something that a server does wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Defect {
    /// Takes the end of the network for the end, though not all was read that had come before it.
    ActsOnTheEndAtOnce,
    /// Acknowledges before what it acknowledges is kept.
    AnswersTooEarly,
    /// Says Session Present where there is none.
    ClaimsSessions,
    /// Drops messages for which there is no room, and does not say so.
    DropsInSilence,
    /// Does not read what had come on a connection when the same Client has connected anew.
    DeafToTheLastWord,
    /// Discards the Will of a connection that broke.
    DiscardsWills,
    /// Waits for Clients that have been silent for too long.
    EndlessPatience,
    /// Ends Sessions before their time.
    ExpiresTooEarly,
    /// Does not know any more, when a PUBLISH of QoS 2 comes again, that it has come before.
    ForgetsIdentifiers,
    /// Does not keep that a message is retained.
    ForgetsRetained,
    /// Says that there was no Session.
    ForgetsSessions,
    /// Does not publish after a crash the Wills of those who were connected.
    ForgetsWills,
    /// Loses now and then a group of changes that it claims to have kept.
    LosesGroups,
    /// Takes some messages of QoS 1 for delivered that it never sent.
    LosesMessages,
    /// Never ends a Session.
    NeverExpires,
    /// Sends no PUBREL.
    NoPubrel,
    /// A peer does not keep which messages of QoS 2 have come.
    PeersForgetIdentifiers,
    /// A peer does not keep that PUBREC has come.
    PeersForgetReleases,
    /// A peer takes no acknowledgement of the last identifier there is.
    PeersStopAtTheLastIdentifier,
    /// Publishes the Will after DISCONNECT.
    PublishesWillsAfterDisconnect,
    /// Sends messages of QoS 0 twice.
    RepeatsFleeting,
    /// Takes no acknowledgement of the last identifier there is.
    StopsAtTheLastIdentifier,
    /// Sends one message before the one that came before it.
    SwapsMessages,
    /// Keeps groups of changes by halves.
    TearsGroups,
}

/// What passes between a server, its network and its disk, and what a defect makes of it.
#[derive(Debug)]
pub(crate) struct Seams {
    pub(crate) defect: Option<Defect>,
    count: usize,
    /// Per link a message that is held back, to be sent after the next.
    back: BTreeMap<usize, Publish>,
    /// Of what was not there: its PUBCOMP is not sent.
    silent: Vec<(usize, PacketId)>,
}

/// What comes of a packet of the server.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    /// To the peer.
    pub(crate) on: Vec<Packet>,
    /// To the server, as if the peer had sent it.
    pub(crate) back: Vec<Packet>,
}

impl Seams {
    pub(crate) fn new(defect: Option<Defect>) -> Self {
        Self { defect, count: 0, back: BTreeMap::new(), silent: Vec::new() }
    }

    /// A packet that comes to the server over `link`.
    pub(crate) fn pass_to_server(&mut self, link: usize, packet: Packet) -> Vec<Packet> {
        match (self.defect, packet) {
            (Some(Defect::ForgetsIdentifiers), Packet::Publish(publish)) => {
                if let Delivery::ExactlyOnce { packet_id, dup: true } = publish.delivery {
                    self.silent.push((link, packet_id));
                    return vec![Pubrel { packet_id }.into(), publish.into()];
                }
                vec![publish.into()]
            }
            (Some(Defect::PublishesWillsAfterDisconnect), Packet::Disconnect(_)) => Vec::new(),
            (Some(Defect::StopsAtTheLastIdentifier), packet) if acknowledges_last(&packet) => {
                Vec::new()
            }
            (Some(Defect::ForgetsRetained), Packet::Publish(mut publish)) => {
                // The second of each three: the first is there, and the third may be lost.
                publish.retain &= !self.is_nth(3);
                vec![publish.into()]
            }
            (_, packet) => vec![packet],
        }
    }

    /// What the server hears when the network has ended a connection.
    pub(crate) fn before_end(&self) -> Option<Packet> {
        (self.defect == Some(Defect::DiscardsWills)).then(|| Disconnect.into())
    }

    /// A packet that the server sends over `link`.
    pub(crate) fn pass_to_peer(&mut self, link: usize, packet: Packet) -> Passed {
        let on = |packet: Packet| Passed { on: vec![packet], back: Vec::new() };
        match (self.defect, packet) {
            (Some(Defect::ForgetsSessions), Packet::Connack(Connack::Accepted { .. })) => {
                on(Connack::Accepted { session_present: false }.into())
            }
            (Some(Defect::ClaimsSessions), Packet::Connack(Connack::Accepted { .. })) => {
                on(Connack::Accepted { session_present: true }.into())
            }
            (Some(Defect::NoPubrel), Packet::Pubrel(_)) => Passed::default(),
            (Some(Defect::PeersStopAtTheLastIdentifier), packet) if acknowledges_last(&packet) => {
                Passed::default()
            }
            (Some(Defect::ForgetsIdentifiers), Packet::Pubcomp(pubcomp))
                if self.silent.contains(&(link, pubcomp.packet_id)) =>
            {
                self.silent.retain(|silent| *silent != (link, pubcomp.packet_id));
                Passed::default()
            }
            (Some(Defect::RepeatsFleeting), Packet::Publish(publish))
                if publish.delivery == Delivery::AtMostOnce && !publish.retain =>
            {
                Passed { on: vec![publish.clone().into(), publish.into()], back: Vec::new() }
            }
            (Some(Defect::LosesMessages), Packet::Publish(publish))
                if publish.delivery.qos() == QoS::AtLeastOnce && self.is_nth(10) =>
            {
                let packet_id = publish.delivery.packet_id().expect("it has QoS 1");
                Passed { on: Vec::new(), back: vec![Puback { packet_id }.into()] }
            }
            (Some(Defect::SwapsMessages), Packet::Publish(publish)) => {
                match self.back.remove(&link) {
                    Some(held) => {
                        Passed { on: vec![publish.into(), held.into()], back: Vec::new() }
                    }
                    // Only with a message on its way behind it does this one get any further.
                    None if publish.delivery.qos() == QoS::AtLeastOnce => {
                        self.back.insert(link, publish);
                        Passed::default()
                    }
                    None => on(publish.into()),
                }
            }
            (_, packet) => on(packet),
        }
    }

    /// What is written of `changes`.
    pub(crate) fn commit<'a>(&mut self, changes: &'a [Change]) -> &'a [Change] {
        let defect = self.defect;
        match defect {
            Some(Defect::LosesGroups) if self.is_nth(10) => &[],
            _ => changes,
        }
    }

    /// What is there of `changes` that were being written at a crash.
    pub(crate) fn crash<'a>(&self, changes: &'a [Change]) -> &'a [Change] {
        match self.defect {
            Some(Defect::TearsGroups) => &changes[..changes.len() / 2],
            _ => changes,
        }
    }

    /// What the server reads of what was kept.
    pub(crate) fn load(&self, mut kept: Kept) -> Kept {
        if self.defect == Some(Defect::ForgetsWills) {
            kept.sessions.values_mut().for_each(|session| session.will = None);
        }
        kept
    }

    fn is_nth(&mut self, nth: usize) -> bool {
        self.count += 1;
        self.count.is_multiple_of(nth)
    }
}

/// Whether a packet acknowledges a message that has the last identifier there is.
fn acknowledges_last(packet: &Packet) -> bool {
    let packet_id = match packet {
        Packet::Puback(puback) => puback.packet_id,
        Packet::Pubrec(pubrec) => pubrec.packet_id,
        _ => return false,
    };
    packet_id.number() == u16::MAX
}
