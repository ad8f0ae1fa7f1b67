//! `wirescope serve`: the built-in server without a window, until Ctrl-C.

use anyhow::Result;

use super::args::ServeArgs;
use super::interrupt::Interrupt;
use super::terminal::{Terminal, print};
use crate::server::Server;

/// Runs the server. Its address is the first line on stdout, so that scripts can use port 0.
pub(super) fn run(args: &ServeArgs, terminal: Terminal) -> Result<()> {
    let options = args.options()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut interrupt = Interrupt::listen()?;
        let server = Server::start(options).await?;
        print(format!("{}\n", server.url()).as_bytes())?;
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
