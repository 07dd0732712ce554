//! What `std` would bring to WebAssembly at ten times the size: an allocator, and a panic that is just a trap.
//!
//! Nothing in the codec panics on any input; if it ever does, the SDK sees the trap and starts a fresh module.

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
