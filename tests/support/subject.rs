//! A subject that conforms to nothing.

use std::net::TcpListener;

/// The address of one that takes connections and closes each.
pub(crate) fn closes_at_once() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address").to_string();
    std::thread::spawn(move || listener.incoming().flatten().for_each(drop));
    address
}
