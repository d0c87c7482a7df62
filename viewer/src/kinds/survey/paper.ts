// The paper that surveys, and what is found in them, come from.
export const ZEILER = {
  authors: "Zeiler & Fergus",
  year: 2014,
  title: "Visualizing and Understanding Convolutional Networks",
  url: "https://arxiv.org/abs/1311.2901",
};
