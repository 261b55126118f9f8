/*
 * hook: the program under the name nvidia-container-runtime-hook, which dockerd looks for before it accepts --gpus.
 *
 * Under our runtime the entry is cut from the spec and this never runs. Started by a plain runc it refuses: a container
 * without the devices it asked for must not start.
 */
#pragma once

int sc_hook_main(int argc, char **argv);
