/** @type {Record<string, string>} */
export const PICTURES = { heart: "❤️", clap: "👏", laugh: "😂", wow: "😮", thumb: "👍" };
