//! Every built-in dialect against a server that follows a script: its cursor, its empty answer, its
//! reset and its error rule. The scripts are data, in `tests/fixtures/dialects`.

mod files;
mod script;
mod sessions;
mod streams;

use script::Script;

macro_rules! dialects {
    ($($test:ident: $file:literal,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                Script::read($file).play().await;
            }
        )*

        /// The dialects that have a script.
        const SCRIPTS: &[&str] = &[$($file),*];
    };
}

dialects! {
    bayeux_meets_its_server: "bayeux",
    consul_meets_its_server: "consul",
    couchdb_meets_its_server: "couchdb",
    dropbox_meets_its_server: "dropbox",
    engineio_meets_its_server: "engineio",
    etcd_meets_its_server: "etcd",
    generic_meets_its_server: "generic",
    kubernetes_meets_its_server: "kubernetes",
    matrix_meets_its_server: "matrix",
    nchan_meets_its_server: "nchan",
    phoenix_meets_its_server: "phoenix",
    sockjs_meets_its_server: "sockjs",
    telegram_meets_its_server: "telegram",
    zulip_meets_its_server: "zulip",
}

#[test]
fn every_dialect_has_a_script() {
    let shelf = wirescope::transport::poll::Shelf::new(None);
    let known: Vec<String> = shelf.known().into_iter().map(|known| known.name).collect();
    assert_eq!(known, SCRIPTS);
}
