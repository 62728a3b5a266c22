//! Options of which each makes sense by itself, and both together less: what somebody should know.
//!
//! None of it keeps the broker from its work, so it is said and not refused.

use mqttspec::net::ServerOptions;

/// What is odd about `options`, a sentence each.
pub(super) fn oddities(options: &ServerOptions) -> Vec<String> {
    let limits = &options.limits;
    // One client may have half of what nobody else has.
    let room = limits.max_queued_octets.min(limits.max_total_queued_octets / 2);
    let mut oddities = Vec::new();
    if limits.max_packet_size > room {
        oddities.push(format!(
            "messages of more than {room} octets will be taken and reach nobody: packets may have \
             {} (--max-packet-size), but so much may wait for no client (--max-queued-octets, and \
             half of --max-total-queued-octets)",
            limits.max_packet_size
        ));
    }
    if options.max_connections_per_address > options.max_connections && is_asked_for(options) {
        oddities.push(format!(
            "{} connections may come from one address (--max-connections-per-address), but only {} \
             in all (--max-connections): one address can shut out all others",
            options.max_connections_per_address, options.max_connections
        ));
    }
    oddities
}

/// Whether the bound for an address is another than the usual one.
fn is_asked_for(options: &ServerOptions) -> bool {
    options.max_connections_per_address != ServerOptions::default().max_connections_per_address
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is odd about options that are changed like this.
    fn odd(change: impl FnOnce(&mut ServerOptions)) -> Vec<String> {
        let mut options = ServerOptions::default();
        change(&mut options);
        oddities(&options)
    }

    #[test]
    fn what_is_usual_is_not_odd() {
        assert_eq!(odd(|_| ()), [""; 0]);
        assert_eq!(odd(|options| options.max_connections = 10), [""; 0]);
    }

    #[test]
    fn a_packet_that_fits_in_no_queue_is() {
        let told = odd(|options| options.limits.max_packet_size = 268_435_460);
        assert!(told[0].starts_with("messages of more than 67108864 octets will be"), "{told:?}");
        let told = odd(|options| options.limits.max_total_queued_octets = 4 * 1024 * 1024);
        assert!(told[0].starts_with("messages of more than 2097152 octets will be"), "{told:?}");
    }

    #[test]
    fn an_address_that_may_have_more_than_all_is() {
        let told = odd(|options| {
            options.max_connections = 10;
            options.max_connections_per_address = 11;
        });
        assert!(told[0].contains("one address can shut out all others"), "{told:?}");
    }
}
