//! What clients have published and asked for: nobody may hear anything else.

use std::collections::BTreeMap;

use bytes::Bytes;
use mqttspec::broker::SessionName;
use mqttspec::packet::{Packet, Publish, QoS, SubscribeFilter};
use mqttspec::topic::TopicName;

/// Grows only: as far as this goes, a Client may always hear what it has asked for once.
#[derive(Default)]
pub(super) struct Said {
    /// The highest QoS of each message, and whether one of them was to be retained.
    published: BTreeMap<(TopicName, Bytes), (QoS, bool)>,
    asked: BTreeMap<SessionName, Vec<SubscribeFilter>>,
}

impl Said {
    /// How many different messages there were.
    pub(super) fn len(&self) -> usize {
        self.published.len()
    }

    /// Takes down what a client says, if anybody may hear of it; `name` is that of its Session.
    pub(super) fn take_down(&mut self, name: Option<&SessionName>, packet: &Packet) {
        match (packet, name) {
            (Packet::Publish(Publish { topic, payload, delivery, retain }), _) => {
                self.publish(topic.clone(), payload.clone(), delivery.qos(), *retain);
            }
            (Packet::Connect(connect), _) => {
                if let Some(will) = connect.will() {
                    self.publish(
                        will.topic,
                        will.message.as_bytes().clone(),
                        will.qos,
                        will.retain,
                    );
                }
            }
            (Packet::Subscribe(subscribe), Some(name)) => {
                self.asked.entry(name.clone()).or_default().extend(subscribe.filters());
            }
            _ => {}
        }
    }

    fn publish(&mut self, topic: TopicName, payload: Bytes, qos: QoS, retain: bool) {
        let (highest, is_retained) = self.published.entry((topic, payload)).or_default();
        *highest = qos.max(*highest);
        *is_retained |= retain;
    }

    /// Whether the Client of the Session `name` may get to hear this.
    pub(super) fn check(&self, name: &SessionName, heard: &Publish) {
        let Publish { topic, payload, delivery, retain } = heard;
        let published = self.published.get(&(topic.clone(), payload.clone()));
        let &(highest, is_retained) =
            published.unwrap_or_else(|| panic!("nobody has published {heard:?}"));
        // [MQTT-3.3.1-8] RETAIN comes with what is retained, and with nothing else.
        assert!(is_retained || !retain, "{heard:?} was not to be retained");
        let asked = self.asked.get(name).into_iter().flatten();
        let granted = asked.filter(|asked| asked.filter.matches(topic)).map(|asked| asked.qos);
        let granted = granted.max().unwrap_or_else(|| panic!("{name} never asked for {heard:?}"));
        // [MQTT-3.8.4-6] Neither above what was granted, nor above what was published.
        assert!(delivery.qos() <= granted.min(highest), "{heard:?} to {name}");
    }
}
