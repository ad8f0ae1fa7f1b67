//! `wirescope serve`: the built-in server without a window, until Ctrl-C.

use std::io::{IsTerminal, stderr};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Result;
use clap::Args;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use super::args::ServeArgs;
use super::interrupt::Interrupt;
use super::terminal::{Terminal, print};
use crate::model::ServerOptions;
use crate::server::Server;

/// Where to listen, and for whom.
#[derive(Debug, Args)]
pub(super) struct PlaceArgs {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4100")]
    listen: SocketAddr,
    /// Let others in this network come in, who have to know TOKEN, or one that is made up; prints
    /// what they open as its second line
    #[arg(long, value_name = "TOKEN", value_parser = token)]
    #[expect(clippy::option_option, reason = "how clap says that the token may be left out")]
    room: Option<Option<String>>,
}

impl PlaceArgs {
    /// For a room every address of this machine, unless one that others reach was given.
    pub(super) fn listen(&self) -> SocketAddr {
        let mut listen = self.listen;
        if self.room.is_some() && listen.ip().is_loopback() {
            listen.set_ip(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        }
        listen
    }

    /// The token that was chosen.
    pub(super) fn token(&self) -> Option<String> {
        self.room.clone().flatten()
    }
}

/// Runs the server. Its address is the first line on stdout, so that scripts can use port 0; the
/// second is what others open, where they can come in.
pub(super) fn run(args: &ServeArgs, terminal: Terminal) -> Result<()> {
    let options = args.options()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut interrupt = Interrupt::listen()?;
        let server = Server::start(options).await?;
        print(format!("{}\n", server.url()).as_bytes())?;
        if let Some(url) = server.control().join_url() {
            print(format!("{url}\n").as_bytes())?;
            show_code(&url, terminal);
        }
        terminal.say(format_args!("Listening on {}; Ctrl-C ends it", server.url()));
        tokio::select! {
            () = interrupt.came() => {}
            () = stdin_ends(), if args.while_stdin => {}
        }
        terminal.say("Stopping");
        server.stop().await;
        Ok(())
    })
}

/// Resolves when whoever holds the other end of standard input is gone.
async fn stdin_ends() {
    let (tell, told) = tokio::sync::oneshot::channel();
    // Not one of the runtime's threads: those are waited for at the end.
    std::thread::spawn(move || {
        // Nothing that is said there matters, and an error is an end, too.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = tell.send(());
    });
    let _ = told.await;
}

/// A token, as the server takes it.
fn token(text: &str) -> Result<String, String> {
    let options = ServerOptions { join: Some(text.to_owned()), ..ServerOptions::default() };
    options.checked().map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// What a telephone reads off the screen. Dark on light, whatever the colours of the terminal.
fn show_code(url: &str, terminal: Terminal) {
    if !stderr().is_terminal() {
        return;
    }
    // Only an address that is too long for a code has none.
    let Ok(code) = QrCode::new(url) else { return };
    let rows = code.render::<Dense1x2>().build();
    for row in rows.lines() {
        terminal.say(format_args!("\x1b[30;107m{row}\x1b[0m"));
    }
}
