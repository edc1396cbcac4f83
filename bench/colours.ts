/** What lines and bars are drawn in. Of Okabe and Ito: told apart by colour-blind eyes as well. */
export const COLOURS: readonly string[] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999"];
