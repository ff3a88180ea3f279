#pragma once
// Ctrl-C and SIGTERM: what is being measured ends and is kept, nothing half-written is left that looks finished, exit
// code 130.

namespace brink::cli {

/// Installs the handlers. A second signal of the same kind ends the program at once.
void catch_interrupts();

/// True once the user asked to stop.
[[nodiscard]] bool interrupt_requested();

}  // namespace brink::cli
