/*
 * cli/cli.h - the command line: everything that `tabella` does when people call it.
 */
#pragma once

/* Runs one command; returns the process's exit status (0 done, 1 failed, 64 usage, 65 data, 75 try again). */
int cli_main(int argc, char **argv);
