/* Compares a PDF that is dropped or chosen with the digest of the letter that was issued. The file never leaves the browser. */
(function () {
  "use strict";

  var box = document.getElementById("compare");
  if (!box || !window.crypto || !window.crypto.subtle) {
    return;
  }
  var field = box.querySelector("input");
  var status = box.querySelector("[role=status]");
  box.hidden = false;

  function hex(buffer) {
    return Array.from(new Uint8Array(buffer), function (byte) {
      return byte.toString(16).padStart(2, "0");
    }).join("");
  }

  function compare(file) {
    file
      .arrayBuffer()
      .then(function (body) {
        return window.crypto.subtle.digest("SHA-256", body);
      })
      .then(function (digest) {
        status.textContent = hex(digest) === box.dataset.sha256 ? status.dataset.same : status.dataset.other;
      })
      .catch(function () {
        status.textContent = status.dataset.failed;
      });
  }

  field.addEventListener("change", function () {
    if (field.files.length) {
      compare(field.files[0]);
    }
  });
  box.addEventListener("dragover", function (event) {
    event.preventDefault();
  });
  box.addEventListener("drop", function (event) {
    event.preventDefault();
    if (event.dataTransfer.files.length) {
      compare(event.dataTransfer.files[0]);
    }
  });
})();
