//! Where something comes from when it is counted: one number for each place, whatever port.

use std::net::{IpAddr, Ipv4Addr};

use super::origin::Origin;

/// A place that connections come from.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Address {
    V4(Ipv4Addr),
    /// The network of a link: whoever has one address of it may choose among all of them.
    V6([u16; 4]),
    /// This machine, by other ways than a network.
    Local,
}

impl From<Origin> for Address {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Local { .. } => Self::Local,
            Origin::Network(address) => match address.ip().to_canonical() {
                IpAddr::V4(address) => Self::V4(address),
                IpAddr::V6(address) => {
                    let [a, b, c, d, ..] = address.segments();
                    Self::V6([a, b, c, d])
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_choose_among_addresses_has_one() {
        let of = |text: &str| Address::from(Origin::Network(text.parse().unwrap()));
        assert_eq!(of("192.0.2.1:1"), of("192.0.2.1:2"));
        assert_eq!(of("192.0.2.1:1"), of("[::ffff:192.0.2.1]:1"));
        assert_ne!(of("192.0.2.1:1"), of("192.0.2.2:1"));
        assert_eq!(of("[2001:db8:1:2::3]:1"), of("[2001:db8:1:2:ffff::4]:1"));
        assert_ne!(of("[2001:db8:1:2::3]:1"), of("[2001:db8:1:3::3]:1"));
    }
}
