//! Many light clients at once, and what they cost: scale runs, herds that come back after a
//! restart, and pages with more streams than a browser has connections. These clients share no code
//! with the server nor with those that record: they cost too little to disturb what they measure.

mod base;
mod child;
mod client;
mod files;
mod frames;
mod held;
mod herd;
mod kept;
mod publisher;
mod response;
mod scale;
mod scan;
mod six;
mod spec;
mod table;
mod tally;

pub use base::BaseError;
pub use herd::Herd;
pub use scale::scale;
pub use six::{CONNECTIONS, Streams};
pub use spec::{Comeback, Protocol};
pub use table::scale_table;
