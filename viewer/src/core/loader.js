// Loads the viewer's pieces. In a single file all of them stand in the document, after this.
(() => {
  const source = document.currentScript && document.currentScript.src;
  const slots = {};
  const slot = (name) => {
    if (slots[name]) return slots[name];
    const made = { asked: false };
    made.here = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
    return (slots[name] = made);
  };
  const need = (name) => {
    const found = slots[name];
    if (!found.module) {
      found.module = { exports: {} };
      found.body((path) => need(path.replace(/^\.\/|\.js$/g, "")), found.module.exports, found.module);
    }
    return found.module.exports;
  };
  window.deeproPiece = (name, needs, body) => {
    const arrived = Object.assign(slot(name), { needs, body });
    arrived.resolve();
  };
  const fetchPiece = (name) => {
    const wanted = slot(name);
    if (!wanted.body && !wanted.asked && source) {
      wanted.asked = true;
      const script = document.createElement("script");
      script.src = new URL(name + ".js", source).href;
      script.onload = () => script.remove();
      script.onerror = () => {
        delete slots[name];
        wanted.reject(new Error(name + ".js"));
      };
      document.head.append(script);
    }
    return wanted.here.then(() => Promise.all(wanted.needs.map(fetchPiece)));
  };
  window.deeproLoad = (name) => fetchPiece(name).then(() => need(name));
})();
