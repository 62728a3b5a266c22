//! What the Client keeps of a Session, and which command each Packet Identifier stands for.
//!
//! Clauses: [MQTT-2.3.1-2], [MQTT-3.1.2-4], [MQTT-3.1.3-2], [MQTT-4.1.0-2]. Not here: the Server's
//! half, to which subscriptions belong.

use std::collections::BTreeMap;

use super::command::Command;
use super::{Token, Violation};
use crate::packet::{
    ClientId, OneOrMore, Packet, PacketId, QoS, Suback, SubackCode, Subscribe, Unsuback,
    Unsubscribe,
};
use crate::session::{Message, Outbound, Receiving, Sending};

/// The Client's half of a Session.
///
/// Invariants, checked by `check_invariants`: `sending` has lent the identifiers of `requests`
/// and no others; `deliveries` has those of the messages on their way.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Session {
    client_id: ClientId,
    // [U-2.3.1-1] Two halves that know nothing of each other: an identifier in one says nothing
    // of the same in the other.
    pub(super) sending: Sending,
    pub(super) receiving: Receiving,
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
            deliveries: BTreeMap::new(),
            requests: BTreeMap::new(),
        }
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
                if let Some(packet_id) = publish.delivery.packet_id() {
                    self.deliveries.insert(packet_id, token);
                }
                let is_complete = qos == QoS::AtMostOnce;
                Ok(Begun { packet: publish.into(), is_complete })
            }
            Command::Subscribe(filters) => {
                let Some(packet_id) = self.sending.lend_id() else { return Err(command) };
                let packet = Subscribe { packet_id, filters: filters.clone() }.into();
                self.requests.insert(packet_id, (token, command));
                Ok(Begun { packet, is_complete: false })
            }
            Command::Unsubscribe(filters) => {
                let Some(packet_id) = self.sending.lend_id() else { return Err(command) };
                let packet = Unsubscribe { packet_id, filters: filters.clone() }.into();
                self.requests.insert(packet_id, (token, command));
                Ok(Begun { packet, is_complete: false })
            }
        }
    }

    /// A message is delivered: the command behind it.
    pub(super) fn end_delivery(&mut self, packet_id: PacketId) -> Option<Token> {
        self.deliveries.remove(&packet_id)
    }

    /// Takes in SUBACK: the command it answers, and its return codes.
    pub(super) fn end_subscribe(
        &mut self,
        suback: Suback,
    ) -> Result<(Token, OneOrMore<SubackCode>), Violation> {
        let Suback { packet_id, codes } = suback;
        let Some((token, Command::Subscribe(filters))) = self.requests.get(&packet_id) else {
            return Err(Violation::UnaskedSuback(packet_id));
        };
        if codes.len() != filters.len() {
            return Err(Violation::SubackCount { codes: codes.len(), filters: filters.len() });
        }
        let token = *token;
        self.end_request(packet_id);
        Ok((token, codes))
    }

    /// Takes in UNSUBACK: the command it answers.
    pub(super) fn end_unsubscribe(&mut self, unsuback: Unsuback) -> Result<Token, Violation> {
        let Unsuback { packet_id } = unsuback;
        let Some((token, Command::Unsubscribe(_))) = self.requests.get(&packet_id) else {
            return Err(Violation::UnaskedUnsuback(packet_id));
        };
        let token = *token;
        self.end_request(packet_id);
        Ok(token)
    }

    fn end_request(&mut self, packet_id: PacketId) {
        self.requests.remove(&packet_id);
        // [MQTT-2.3.1-3] Free with its answer, and not before.
        self.sending.return_id(packet_id);
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

    /// Empties the Session, because the Server has none: gives the commands whose messages it had
    /// taken over, and those whose messages are to be published again.
    pub(super) fn begin_anew(&mut self, limit: u16) -> (Vec<Token>, Vec<(Token, Command)>) {
        debug_assert!(self.requests.is_empty(), "taken when the connection ended");
        let emptied = Self { client_id: self.client_id.clone(), ..Self::new(limit) };
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
