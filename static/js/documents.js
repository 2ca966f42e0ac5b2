/* Uploading: files can be dropped on a form marked data-upload, and the page shows how far they have come. Without this script the form is sent as it is.
   The answer is the page that the form would have led to; its main part takes the place of the present one. */
(function () {
  "use strict";

  function formOf(element) {
    return element.closest && element.closest("form[data-upload]");
  }

  function part(form, name) {
    return form.querySelector("[data-" + name + "]");
  }

  function fileField(form) {
    return form.querySelector("input[type=file]");
  }

  function sizeOf(bytes) {
    return bytes < 1048576 ? Math.ceil(bytes / 1024) + " KB" : (bytes / 1048576).toFixed(1) + " MB";
  }

  function showPicked(form) {
    var list = part(form, "picked");
    list.textContent = "";
    Array.prototype.forEach.call(fileField(form).files, function (file) {
      var line = document.createElement("li");
      line.textContent = file.name + " (" + sizeOf(file.size) + ")";
      list.appendChild(line);
    });
  }

  function prepare(root) {
    root.querySelectorAll("form[data-upload] [data-drop]").forEach(function (drop) {
      drop.hidden = false;
    });
  }

  function fail(form) {
    form.querySelector("button[type=submit]").disabled = false;
    part(form, "progress").hidden = true;
    part(form, "state").textContent = part(form, "state").dataset.failed;
  }

  function take(request) {
    var page = new DOMParser().parseFromString(request.responseText, "text/html");
    var main = page.querySelector("main#main");
    if (!main) {
      return false;
    }
    document.querySelector("main#main").replaceWith(document.adoptNode(main));
    document.title = page.title;
    history.replaceState(null, "", request.responseURL);
    prepare(document);
    var goal = document.querySelector(".errsum") || document.getElementById("documents") || main;
    goal.focus();
    return true;
  }

  function send(form) {
    var request = new XMLHttpRequest();
    var state = part(form, "state");
    var bar = part(form, "progress");
    var said = 0;
    form.querySelector("button[type=submit]").disabled = true;
    bar.hidden = false;
    state.textContent = state.dataset.sending;
    request.upload.addEventListener("progress", function (event) {
      if (!event.lengthComputable) {
        return;
      }
      var done = Math.floor((event.loaded / event.total) * 100);
      bar.value = done;
      if (done >= said + 20) {
        said = done;
        state.textContent = state.dataset.sending + " " + done + "%";
      }
    });
    request.upload.addEventListener("load", function () {
      state.textContent = state.dataset.checking;
    });
    request.addEventListener("load", function () {
      if (!take(request)) {
        fail(form);
      }
    });
    request.addEventListener("error", function () {
      fail(form);
    });
    request.open("POST", form.action);
    request.send(new FormData(form));
  }

  document.addEventListener("change", function (event) {
    var form = formOf(event.target);
    if (form && event.target.type === "file") {
      showPicked(form);
    }
  });

  document.addEventListener("submit", function (event) {
    var form = formOf(event.target);
    if (form && fileField(form).files.length) {
      event.preventDefault();
      send(form);
    }
  });

  ["dragover", "drop"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      var form = formOf(event.target);
      if (!form || !event.dataTransfer) {
        return;
      }
      event.preventDefault();
      if (name === "drop" && event.dataTransfer.files.length) {
        fileField(form).files = event.dataTransfer.files;
        showPicked(form);
      }
    });
  });

  document.addEventListener("DOMContentLoaded", function () {
    prepare(document);
  });
})();
