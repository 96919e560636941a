/** The one clock of this process. Tests move it; nothing that the domain decides reads the time anywhere else. */
export const clock = {
	now: (): number => Date.now(),
};

export const isoNow = (): string => new Date(clock.now()).toISOString();
