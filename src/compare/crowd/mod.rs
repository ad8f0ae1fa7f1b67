//! Many light clients at once, and what they cost: scale runs, herds that come back after a
//! restart, and pages with more streams than a browser has connections.

mod spec;

pub use spec::{Comeback, Protocol};
