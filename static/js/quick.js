/* 登记往来: the form in a dialog wherever one is (links marked data-quick, and the key N that presses the one in the bar), and what helps to fill it in:
   who is found while one types, the case is guessed. Without this script the links lead to the page of the form. */
(function () {
  "use strict";

  var dialog = document.getElementById("quick");
  var opener = null;

  /* -- whom: a list of what is found below a field -- */

  function combobox(field, form) {
    var key = form.querySelector("input[type=hidden][name=" + field.name + "_key]");
    var list = document.createElement("ul");
    var asked = 0;
    var timer = 0;
    var at = -1;
    list.id = field.id + "-found";
    list.className = "found-list";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", field.labels[0].textContent);
    list.hidden = true;
    field.insertAdjacentElement("afterend", list);
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", list.id);
    field.setAttribute("aria-expanded", "false");

    function close() {
      asked += 1;
      list.hidden = true;
      at = -1;
      field.setAttribute("aria-expanded", "false");
      field.removeAttribute("aria-activedescendant");
    }

    function mark(place) {
      var options = list.querySelectorAll("[role=option]");
      if (!options.length) {
        return;
      }
      at = (place + options.length) % options.length;
      options.forEach(function (option, number) {
        option.setAttribute("aria-selected", String(number === at));
      });
      field.setAttribute("aria-activedescendant", options[at].id);
      options[at].scrollIntoView({ block: "nearest" });
    }

    function choose(option) {
      field.value = option.dataset.name;
      if (key) {
        key.value = option.dataset.key;
      }
      close();
      field.dispatchEvent(new CustomEvent("chosen", { bubbles: true, detail: option.dataset.key }));
    }

    function line(row, number) {
      var option = document.createElement("li");
      option.id = list.id + "-" + number;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.key = row.key;
      option.dataset.name = row.name;
      var name = document.createElement("span");
      var found = document.createElement("mark");
      var about = document.createElement("span");
      found.textContent = row.marked[1];
      name.append(row.marked[0], found, row.marked[2]);
      about.className = "about";
      about.textContent = row.about ? row.about + " · " + row.kind : row.kind;
      option.append(name, about);
      option.addEventListener("mousedown", function (event) {
        event.preventDefault();
        choose(option);
      });
      return option;
    }

    function show(rows) {
      if (rows.length) {
        list.replaceChildren.apply(list, rows.map(line));
        mark(0);
      } else {
        var none = document.createElement("li");
        none.className = "none";
        none.setAttribute("role", "option");
        none.setAttribute("aria-disabled", "true");
        none.textContent = form.dataset.none;
        list.replaceChildren(none);
        at = -1;
      }
      list.hidden = false;
      field.setAttribute("aria-expanded", "true");
    }

    function look() {
      var query = field.value.trim();
      var number = (asked += 1);
      if (query.length < 2) {
        close();
        return;
      }
      fetch(form.dataset.whom + "?q=" + encodeURIComponent(query) + ("bodies" in field.dataset ? "&bodies=1" : ""), { credentials: "same-origin" })
        .then(function (response) {
          if (!response.ok || response.redirected) {
            throw new Error(String(response.status));
          }
          return response.json();
        })
        .then(function (answer) {
          if (number === asked && document.activeElement === field) {
            show(answer.rows);
          }
        })
        .catch(close);
    }

    field.addEventListener("input", function () {
      if (key) {
        key.value = "";
      }
      clearTimeout(timer);
      timer = setTimeout(look, 120);
    });
    field.addEventListener("keydown", function (event) {
      var options = list.querySelectorAll("[role=option][data-key]");
      if (list.hidden) {
        return;
      }
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        mark(at + (event.key === "ArrowDown" ? 1 : -1));
      } else if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        close();
      } else if ((event.key === "Enter" || event.key === "Tab") && options[at] && !event.ctrlKey && !event.isComposing) {
        if (event.key === "Enter") {
          event.preventDefault();
        }
        choose(options[at]);
      }
    });
    field.addEventListener("blur", close);
  }

  /* -- the form -- */

  function checked(form, name) {
    var field = form.querySelector("[name=" + name + "]:checked");
    return field ? field.value : "";
  }

  function fit(form) {
    var next = checked(form, "next_in");
    toggle(form, ".ifnext", next !== "none" && next !== "");
    toggle(form, ".ifday", next === "other");
    toggle(form, ".ifvisit", checked(form, "mode") === "appointment");
  }

  function toggle(form, part, shown) {
    var found = form.querySelector(part);
    if (found && !found.classList.contains("open")) {
      found.hidden = !shown;
    }
  }

  /* the people of the body that was chosen, to be ticked; those of one chosen before go */
  function offer(form, people) {
    var part = form.querySelector(".ifpeople");
    var before = form.querySelector("#div_id_people");
    if (before) {
      before.remove();
    }
    part.querySelectorAll(".pick").forEach(function (pick) { pick.remove(); });
    people.forEach(function (one) {
      var pick = document.createElement("span");
      var box = document.createElement("input");
      var label = document.createElement("label");
      box.type = "checkbox";
      box.name = "people";
      box.value = one.key;
      box.id = "met-" + one.key;
      label.htmlFor = box.id;
      label.className = "chip";
      label.textContent = one.name + " " + one.post;
      pick.className = "pick";
      pick.append(box, label);
      part.append(pick);
    });
    part.hidden = !people.length;
  }

  function guess(form, key) {
    fetch(form.dataset.guess + "?whom=" + encodeURIComponent(key), { credentials: "same-origin" })
      .then(function (response) {
        return response.ok && !response.redirected ? response.json() : { body: "", cases: [], people: [] };
      })
      .then(function (answer) {
        var field = form.querySelector("[name=case]");
        var told = form.querySelector(".linked");
        offer(form, answer.people);
        if (key.indexOf("contact:") === 0 && !answer.body) {
          form.querySelector(".ifbody").hidden = false;
        }
        if (!field || field.value || !answer.cases.length) {
          return;
        }
        var first = answer.cases[0];
        var change = document.createElement("button");
        field.value = first.number;
        change.type = "button";
        change.className = "btn btn-quiet btn-sm";
        change.textContent = form.dataset.change;
        change.addEventListener("click", function () {
          form.querySelector(".moreof").open = true;
          field.focus();
          field.select();
        });
        told.replaceChildren(form.dataset.linked.replace("0", first.item + " " + first.title), change);
      })
      .catch(function () { /* nothing is guessed */ });
  }

  function prepare(form) {
    form.querySelectorAll(".whom > input[type=text]").forEach(function (field) {
      combobox(field, form);
    });
    [".ifbody", ".ifnew"].forEach(function (part) {
      toggle(form, part, false);
    });
    form.addEventListener("chosen", function (event) {
      if (event.target.name === "who") {
        guess(form, event.detail);
      }
    });
    form.addEventListener("input", function (event) {
      if (event.target.name === "who") {
        offer(form, []);
      }
    });
    form.addEventListener("change", function () { fit(form); });
    fit(form);
  }

  /* -- the dialog -- */

  function tell(text, answer) {
    var note = document.getElementById("quick-done");
    note.replaceChildren(document.createTextNode(text + " "));
    if (answer) {
      var link = document.createElement("a");
      link.href = answer.address;
      link.textContent = answer.look;
      note.append(link);
    }
    note.hidden = false;
    setTimeout(function () { note.hidden = true; }, 10000);
  }

  function typed(form) {
    var pairs = [];
    new FormData(form).forEach(function (value, name) {
      if (name !== "csrfmiddlewaretoken" && typeof value === "string") {
        pairs.push([name, value]);
      }
    });
    return pairs;
  }

  function keep(form) {
    var data = new FormData();
    data.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
    data.append("address", new URL(form.action).pathname);
    data.append("fields", JSON.stringify(typed(form)));
    return fetch(form.dataset.keep, { method: "POST", body: data, credentials: "same-origin", redirect: "manual" });
  }

  function fill(text) {
    var body = dialog.querySelector(".quick-body");
    body.replaceChildren(document.createRange().createContextualFragment(text));
    var form = body.querySelector("form");
    prepare(form);
    form.addEventListener("submit", send);
    form.first = JSON.stringify(typed(form));
    var wrong = form.querySelector(".is-invalid, .choose input, .note button");
    (wrong || form.querySelector("#id_who").value === "" ? wrong || form.querySelector("#id_who") : form.querySelector("#id_summary")).focus();
  }

  function open(link) {
    fetch(link.href, { headers: { "X-Panel": "1" }, credentials: "same-origin" })
      .then(function (response) {
        if (!response.ok || response.redirected) {
          throw new Error(String(response.status));
        }
        return response.text();
      })
      .then(function (text) {
        opener = link;
        if (!dialog.open) {
          dialog.showModal();
        }
        fill(text);
      })
      .catch(function () {
        location.assign(link.href);
      });
  }

  function send(event) {
    var form = event.target;
    var data = new FormData(form, event.submitter);
    event.preventDefault();
    form.querySelector("button.btn-primary").disabled = true;
    fetch(form.action, { method: "POST", body: data, headers: { "X-Panel": "1" }, credentials: "same-origin", redirect: "manual" })
      .then(function (response) {
        if (response.status === 201) {
          return response.json().then(function (answer) {
            form.first = JSON.stringify(typed(form));
            dialog.close();
            tell(answer.text, answer);
          });
        }
        if (!response.ok) {
          throw new Error(String(response.status));
        }
        return response.text().then(fill);
      })
      .catch(function () {
        form.querySelector("button.btn-primary").disabled = false;
        form.querySelector(".linked").textContent = form.dataset.offline;
      });
  }

  if (dialog) {
    document.addEventListener("click", function (event) {
      var link = event.target.closest("a[data-quick]");
      if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
        event.preventDefault();
        open(link);
      }
    });
    dialog.querySelector("[data-close]").addEventListener("click", function () { dialog.close(); });
    dialog.addEventListener("close", function () {
      var form = dialog.querySelector("form.quickform");
      if (form && form.first !== JSON.stringify(typed(form))) {
        keep(form).catch(function () { /* offline: the dialog still holds it until the page is left */ });
      }
      if (opener) {
        opener.focus();
      }
    });
  }
  document.querySelectorAll("main form.quickform").forEach(prepare);
})();
