import './receipt.css';
import './sidebar.css';
import './chat.css';
import './composer.css';
import './threads.css';
import './settings.css';
import './usage.css';
import './answers.css';
