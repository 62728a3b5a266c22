//! The driver of Paho in C, as the judge of clients drives it.

#[path = "../../support/drivers.rs"]
mod drivers;
#[path = "../../../conformance/drivers/paho-mqtt.rs"]
mod paho_driver;

#[test]
fn paho_in_c() {
    let program = std::env::current_exe().expect("this program");
    let driver = format!("'{}' --exact runs_paho --ignored --nocapture", program.display());
    drivers::judged(&driver, &[]).expect("a driver in good order");
}

#[test]
#[ignore = "a driver, for the judge to start"]
fn passes_on() {
    drivers::pass_on();
}

#[test]
#[ignore = "a driver, for the judge to start"]
fn runs_paho() {
    paho_driver::main();
}
