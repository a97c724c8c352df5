/**
 * Runs in every child before its entry. A terminal sends its interrupt (Ctrl-C) and its end to all processes of its group,
 * children included; what they mean is for the host to say. A child goes on, and ends when the host is gone.
 * SIGTERM stays: whoever sends it to one process means that one.
 */
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
