//! Both halves against small models, by any steps in any order.

mod receiving;
mod sending;
