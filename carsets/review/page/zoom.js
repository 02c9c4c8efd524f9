// The large picture: whole at first, larger around the pointer, moved by dragging or by keys.

const STEP = 1.25;
const LARGEST = 16; // screen pixels for one of the picture

export class Zoom {
  constructor(stage, picture) {
    this.stage = stage;
    this.picture = picture;
    this.scale = null; // null: the whole picture
    this.x = 0;
    this.y = 0;
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    stage.addEventListener("pointerdown", (event) => this.#drag(event));
    stage.addEventListener("dblclick", (event) => this.toggle(event));
    new ResizeObserver(() => this.draw()).observe(stage);
  }

  whole() {
    this.scale = null;
    this.draw();
  }

  toggle(event = null) {
    if (this.scale !== null) return this.whole();
    const scale = this.#fitting() < 0.999 ? 1 : this.#fitting() * 2;
    return this.#set(scale, ...this.#point(event));
  }

  by(steps, event = null) {
    const now = this.scale ?? this.#fitting();
    this.#set(now * STEP ** steps, ...this.#point(event));
  }

  move(right, down) {
    if (this.scale === null) return;
    this.x -= right * this.stage.clientWidth * 0.2;
    this.y -= down * this.stage.clientHeight * 0.2;
    this.draw();
  }

  draw() {
    const { naturalWidth: width, naturalHeight: height } = this.picture;
    if (!width) return;
    const scale = this.scale ?? this.#fitting();
    this.x = this.#within(this.x, this.stage.clientWidth, width * scale);
    this.y = this.#within(this.y, this.stage.clientHeight, height * scale);
    this.picture.style.transform = `translate(${this.x}px, ${this.y}px) scale(${scale})`;
  }

  #fitting() {
    const { naturalWidth: width, naturalHeight: height } = this.picture;
    if (!width) return 1;
    const fit = Math.min(this.stage.clientWidth / width, this.stage.clientHeight / height);
    return Math.min(fit, 4); // a thumbnail does not become a mosaic
  }

  #within(value, room, size) {
    if (size <= room) return (room - size) / 2;
    return Math.min(0, Math.max(room - size, value));
  }

  #point(event) {
    const box = this.stage.getBoundingClientRect();
    if (!event) return [box.width / 2, box.height / 2];
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #set(scale, x, y) {
    const before = this.scale ?? this.#fitting();
    const after = Math.min(Math.max(scale, this.#fitting()), LARGEST);
    this.x = x - ((x - this.x) * after) / before;
    this.y = y - ((y - this.y) * after) / before;
    this.scale = after <= this.#fitting() * 1.001 ? null : after;
    this.draw();
  }

  #wheel(event) {
    event.preventDefault();
    this.by(event.deltaY < 0 ? 1 : -1, event);
  }

  #drag(start) {
    if (this.scale === null || start.target.closest("button")) return;
    let { clientX, clientY } = start;
    this.stage.setPointerCapture(start.pointerId);
    this.stage.classList.add("dragging");
    const move = (event) => {
      this.x += event.clientX - clientX;
      this.y += event.clientY - clientY;
      ({ clientX, clientY } = event);
      this.draw();
    };
    const end = () => {
      this.stage.classList.remove("dragging");
      this.stage.removeEventListener("pointermove", move);
      this.stage.removeEventListener("pointerup", end);
      this.stage.removeEventListener("pointercancel", end);
    };
    this.stage.addEventListener("pointermove", move);
    this.stage.addEventListener("pointerup", end);
    this.stage.addEventListener("pointercancel", end);
  }
}
