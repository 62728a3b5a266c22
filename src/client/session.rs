//! What the Client keeps of a Session, and which command each Packet Identifier stands for.
//!
//! Clauses: [MQTT-2.3.1-2], [MQTT-3.1.2-4], [MQTT-3.1.3-2], [MQTT-4.1.0-2], [MQTT-4.4.0-1]. Not
//! here: the Server's half, to which subscriptions belong.

use std::collections::BTreeMap;

use super::acknowledging::Acknowledging;
use super::command::Command;
use super::{Kept, KeptDelivery, Token, Violation};
use crate::packet::{
    ClientId, OneOrMore, Packet, PacketId, QoS, Suback, SubackCode, Subscribe, SubscribeFilter,
    Unsuback, Unsubscribe,
};
use crate::session::{Message, Outbound, Receiving, Sending};
use crate::topic::TopicFilter;

/// The Client's half of a Session.
///
/// Invariants, checked by `check_invariants`: `sending` has lent the identifiers of `requests`
/// and no others; `deliveries` has those of the messages on their way.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Session {
    pub(super) client_id: ClientId,
    // [U-2.3.1-1] Two halves that know nothing of each other: an identifier in one says nothing
    // of the same in the other.
    pub(super) sending: Sending,
    pub(super) receiving: Receiving,
    /// What the program has of `receiving` and of QoS 1, if it acknowledges by hand.
    pub(super) acknowledging: Acknowledging,
    /// The command behind each message of QoS 1 and 2 that is on its way.
    deliveries: BTreeMap<PacketId, Token>,
    /// Each SUBSCRIBE and UNSUBSCRIBE that waits for its answer.
    requests: BTreeMap<PacketId, (Token, Command)>,
}

/// What became of a command that there was room for.
pub(super) struct Begun {
    pub(super) packet: Packet,
    /// Whether nothing will come back for it.
    pub(super) is_complete: bool,
    /// The identifier of a message that is on its way from here on.
    pub(super) sent: Option<PacketId>,
}

/// What SUBACK has answered.
pub(super) struct Answered {
    pub(super) token: Token,
    pub(super) filters: OneOrMore<SubscribeFilter>,
    pub(super) codes: OneOrMore<SubackCode>,
    /// Whether nobody but this Client itself has asked.
    pub(super) is_renewal: bool,
}

impl Session {
    /// An empty Session, with at most `limit` messages on their way at once.
    // [MQTT-4.1.0-2] Only a CONNECT or the end of a connection makes room for another: no clock
    // ends a Session here.
    pub(super) fn new(limit: u16) -> Self {
        Self {
            client_id: ClientId::default(),
            sending: Sending::new(limit),
            receiving: Receiving::default(),
            acknowledging: Acknowledging::default(),
            deliveries: BTreeMap::new(),
            requests: BTreeMap::new(),
        }
    }

    /// The Session that `kept` tells of, and the commands that had not led to a packet.
    pub(super) fn resumed(limit: u16, kept: Kept) -> (Self, Vec<(Token, Command)>) {
        let Kept { client_id, deliveries, received } = kept;
        let (mut sent, mut released, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        let mut tokens = BTreeMap::new();
        // [MQTT-4.6.0-4] Messages go out in the order of their commands, and a Server sends its
        // PUBRECs in that order [MQTT-4.6.0-3]: so the order of the commands is that of the
        // PUBRECs too, and PUBRELs are sent again in it. Of a Server that had answered out of
        // order nothing is kept but the answers.
        for (token, delivery) in deliveries {
            match delivery {
                KeptDelivery::Released(packet_id) => {
                    released.push(packet_id);
                    tokens.insert(packet_id, token);
                }
                KeptDelivery::Sent(packet_id, message) => {
                    let (qos, retain) = (message.qos, message.retain);
                    sent.push((packet_id, Outbound { message, qos, retain }));
                    tokens.insert(packet_id, token);
                }
                KeptDelivery::Waiting(message) => waiting.push((token, Command::Publish(message))),
            }
        }
        let session = Self {
            client_id,
            // [MQTT-4.4.0-1] On its way as before, and sent again by the next connection.
            sending: Sending::resumed(limit, sent, released),
            receiving: received.into_iter().collect(),
            acknowledging: Acknowledging::default(),
            deliveries: tokens,
            requests: BTreeMap::new(),
        };
        (session, waiting)
    }

    /// Whether it is filed under `client_id`.
    pub(super) fn belongs_to(&self, client_id: &ClientId) -> bool {
        self.client_id == *client_id
    }

    pub(super) fn set_client_id(&mut self, client_id: ClientId) {
        self.client_id = client_id;
    }

    /// Whether every command that was begun has ended.
    pub(super) fn is_idle(&self) -> bool {
        self.deliveries.is_empty() && self.requests.is_empty()
    }

    /// Carries out `command`: gives the packet for it, or the command back when there is no room.
    pub(super) fn begin(&mut self, token: Token, command: Command) -> Result<Begun, Command> {
        match &command {
            Command::Publish(message) => {
                let (qos, retain) = (message.qos, message.retain);
                let outbound = Outbound { message: message.clone(), qos, retain };
                let Some(publish) = self.sending.publish(outbound) else { return Err(command) };
                let sent = publish.delivery.packet_id();
                if let Some(packet_id) = sent {
                    self.deliveries.insert(packet_id, token);
                }
                let is_complete = qos == QoS::AtMostOnce;
                Ok(Begun { packet: publish.into(), is_complete, sent })
            }
            Command::Renew(filters) | Command::Subscribe(filters) => {
                let Some(packet_id) = self.sending.lend_id() else { return Err(command) };
                let packet = Subscribe::new(packet_id, filters).into();
                self.requests.insert(packet_id, (token, command));
                Ok(Begun { packet, is_complete: false, sent: None })
            }
            Command::Unsubscribe(filters) => {
                let Some(packet_id) = self.sending.lend_id() else { return Err(command) };
                let packet = Unsubscribe::new(packet_id, filters).into();
                self.requests.insert(packet_id, (token, command));
                Ok(Begun { packet, is_complete: false, sent: None })
            }
        }
    }

    /// The command behind a message that is on its way.
    pub(super) fn delivery(&self, packet_id: PacketId) -> Option<Token> {
        self.deliveries.get(&packet_id).copied()
    }

    /// A message is delivered: the command behind it.
    pub(super) fn end_delivery(&mut self, packet_id: PacketId) -> Option<Token> {
        self.deliveries.remove(&packet_id)
    }

    /// Takes in SUBACK: the command it answers, and its return codes.
    pub(super) fn end_subscribe(&mut self, suback: &Suback) -> Result<Answered, Violation> {
        let packet_id = suback.packet_id;
        let (token, filters, is_renewal) = match self.requests.get(&packet_id) {
            Some((token, Command::Subscribe(filters))) => (*token, filters.clone(), false),
            Some((token, Command::Renew(filters))) => (*token, filters.clone(), true),
            _ => return Err(Violation::UnaskedSuback(packet_id)),
        };
        let codes = suback.codes();
        if codes.len() != filters.len() {
            return Err(Violation::SubackCount { codes: codes.len(), filters: filters.len() });
        }
        let codes = OneOrMore::new(codes.collect()).expect("as many as filters");
        self.end_request(packet_id);
        Ok(Answered { token, filters, codes, is_renewal })
    }

    /// Takes in UNSUBACK: the command it answers, and the filters in it.
    pub(super) fn end_unsubscribe(
        &mut self,
        unsuback: Unsuback,
    ) -> Result<(Token, OneOrMore<TopicFilter>), Violation> {
        let Unsuback { packet_id } = unsuback;
        let Some((token, Command::Unsubscribe(filters))) = self.requests.get(&packet_id) else {
            return Err(Violation::UnaskedUnsuback(packet_id));
        };
        let answered = (*token, filters.clone());
        self.end_request(packet_id);
        Ok(answered)
    }

    fn end_request(&mut self, packet_id: PacketId) {
        self.requests.remove(&packet_id);
        // [MQTT-2.3.1-3] Free with its answer, and not before.
        self.sending.return_id(packet_id);
    }

    /// Whether a subscription that was granted before waits to be granted again.
    pub(super) fn is_renewing(&self) -> bool {
        self.requests.values().any(|(_, command)| matches!(command, Command::Renew(_)))
    }

    /// Ends the wait for answers that a lost connection cannot bring any more.
    pub(super) fn take_requests(&mut self) -> Vec<(Token, Command)> {
        let requests = std::mem::take(&mut self.requests);
        requests
            .into_iter()
            .map(|(packet_id, request)| {
                self.sending.return_id(packet_id);
                request
            })
            .collect()
    }

    /// A Session of the same Client that holds nothing.
    pub(super) fn emptied(&self, limit: u16) -> Self {
        Self { client_id: self.client_id.clone(), ..Self::new(limit) }
    }

    /// Empties the Session, because the Server has none: gives the commands whose messages it had
    /// taken over, and those whose messages are to be published again.
    pub(super) fn begin_anew(&mut self, limit: u16) -> (Vec<Token>, Vec<(Token, Command)>) {
        debug_assert!(self.requests.is_empty(), "taken when the connection ended");
        let emptied = self.emptied(limit);
        let mut before = std::mem::replace(self, emptied);
        let mut again = Vec::new();
        for packet in before.sending.resend() {
            let Packet::Publish(publish) = packet else { continue };
            let token = publish.delivery.packet_id().and_then(|id| before.deliveries.remove(&id));
            let message = Message::from_publish(publish);
            again.extend(token.map(|token| (token, Command::Publish(message.into()))));
        }
        (before.deliveries.into_values().collect(), again)
    }

    /// The commands that had been begun and have not ended.
    pub(super) fn into_tokens(self) -> impl Iterator<Item = Token> {
        let requests = self.requests.into_values().map(|(token, _)| token);
        self.deliveries.into_values().chain(requests)
    }

    #[cfg(test)]
    pub(super) fn check_invariants(&self) {
        self.sending.check_invariants(self.requests.len());
        assert_eq!(self.sending.in_flight(), self.deliveries.len());
        assert!(self.requests.keys().all(|packet_id| !self.deliveries.contains_key(packet_id)));
    }
}
