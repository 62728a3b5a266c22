//! The receiver's half against a list of what has come and not been released.

use proptest::prelude::*;

use crate::packet::{Delivery, Packet, PacketId, Puback, Pubcomp, Pubrec, Pubrel};
use crate::session::{Received, Receiving};

/// What reaches a receiver.
#[derive(Clone, Copy, Debug)]
enum Step {
    Publish(Delivery),
    Pubrel(PacketId),
    /// The half is made anew from what it keeps.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let packet_id = (1..4_u16).prop_map(|number| PacketId::new(number).unwrap());
    prop_oneof![
        1 => Just(Step::Publish(Delivery::AtMostOnce)),
        3 => (packet_id.clone(), any::<bool>())
            .prop_map(|(packet_id, dup)| Step::Publish(Delivery::AtLeastOnce { packet_id, dup })),
        6 => (packet_id.clone(), any::<bool>())
            .prop_map(|(packet_id, dup)| Step::Publish(Delivery::ExactlyOnce { packet_id, dup })),
        4 => packet_id.prop_map(Step::Pubrel),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #[test]
    fn passes_on_what_a_list_says(steps in prop::collection::vec(step(), 1..40)) {
        let mut receiving = Receiving::default();
        let mut unreleased: Vec<PacketId> = Vec::new();
        for step in steps {
            match step {
                Step::Publish(delivery) => {
                    let answer: Option<Packet> = match delivery {
                        Delivery::AtMostOnce => None,
                        Delivery::AtLeastOnce { packet_id, .. } => Some(Puback { packet_id }.into()),
                        Delivery::ExactlyOnce { packet_id, .. } => Some(Pubrec { packet_id }.into()),
                    };
                    let is_new = match delivery {
                        Delivery::ExactlyOnce { packet_id, .. } => {
                            let is_new = !unreleased.contains(&packet_id);
                            unreleased.extend(is_new.then_some(packet_id));
                            is_new
                        }
                        _ => true,
                    };
                    prop_assert_eq!(receiving.publish(delivery), Received { is_new, answer });
                }
                Step::Pubrel(packet_id) => {
                    unreleased.retain(|known| *known != packet_id);
                    prop_assert_eq!(receiving.pubrel(Pubrel { packet_id }), Pubcomp { packet_id });
                }
                Step::Restart => receiving = receiving.unreleased().collect(),
            }
            let mut expected = unreleased.clone();
            expected.sort_unstable();
            prop_assert_eq!(receiving.unreleased().collect::<Vec<_>>(), expected);
            prop_assert_eq!(receiving.is_empty(), unreleased.is_empty());
            for number in 1..4 {
                let packet_id = PacketId::new(number).unwrap();
                prop_assert_eq!(receiving.has(packet_id), unreleased.contains(&packet_id));
            }
        }
    }
}
